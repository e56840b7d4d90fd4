/// Reads a date, or a date and time, as ISO 8601 writes it.
///
/// `2026-01-31`, `2026-01-31T12:30`, `2026-01-31T12:30:05.25Z` and `2026-01-31 12:30:05+01:00` are read; without a zone
/// it is UTC.
package enum InstantText {
    /// Days since 1970-01-01T00:00Z with the time of day as fraction; nil when the text is no such instant.
    package static func days(_ text: String) -> Double? {
        var reader = Digits(rest: Array(text.utf8)[...])
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), (1...12).contains(month), day >= 1, day <= length(ofMonth: month, year: year)
        else { return nil }
        var seconds = 0.0
        if reader.take("T") || reader.take(" ") {
            guard let hour = reader.number(2), reader.take(":"), let minute = reader.number(2), hour < 24, minute < 60
            else { return nil }
            seconds = Double(hour * 3_600 + minute * 60)
            if reader.take(":") {
                guard let second = reader.number(2), second < 60 else { return nil }
                seconds += Double(second)
                if reader.take(".") {
                    guard let fraction = reader.fraction() else { return nil }
                    seconds += fraction
                }
            }
            guard let offset = reader.zoneSeconds() else { return nil }
            seconds -= Double(offset)
        }
        guard reader.rest.isEmpty else { return nil }
        return Double(dayNumber(year, month, day)) + seconds / 86_400
    }

    /// Days from 1970-01-01 in the Gregorian calendar, counted in eras of 400 years that begin in March.
    private static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = (year >= 0 ? year : year - 399) / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func length(ofMonth month: Int, year: Int) -> Int {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        return [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }
}

private struct Digits {
    var rest: ArraySlice<UInt8>

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func number(_ digits: Int) -> Int? {
        guard rest.count >= digits else { return nil }
        var value = 0
        for byte in rest.prefix(digits) {
            guard byte >= 0x30, byte <= 0x39 else { return nil }
            value = value * 10 + Int(byte - 0x30)
        }
        rest.removeFirst(digits)
        return value
    }

    /// `Z`, `+HH:MM` or `+HHMM` as seconds east; 0 where nothing stands.
    mutating func zoneSeconds() -> Int? {
        if rest.isEmpty || take("Z") { return 0 }
        let isWest = take("-")
        guard isWest || take("+"), let hour = number(2), hour < 24 else { return nil }
        _ = take(":")
        guard let minute = number(2), minute < 60 else { return nil }
        return (isWest ? -1 : 1) * (hour * 3_600 + minute * 60)
    }

    mutating func fraction() -> Double? {
        let digits = rest.prefix { $0 >= 0x30 && $0 <= 0x39 }
        guard !digits.isEmpty else { return nil }
        rest.removeFirst(digits.count)
        return Double("0." + String(decoding: digits, as: UTF8.self))
    }
}
