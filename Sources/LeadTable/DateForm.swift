/// How a column writes its dates.
///
/// Every form may be followed by a time, after a space or a `T`: `14:05`, `14:05:30`, `14:05:30.25`, with `Z` or a zone such as
/// `+02:00`. Without a zone the time is UTC. In all forms but the first, days and months may have one digit.
public enum DateForm: String, Codable, Sendable, CaseIterable {
    /// The form of ISO 8601, `2024-03-31`.
    case yearMonthDayDashes = "yyyy-mm-dd"
    /// For example `2024/03/31`.
    case yearMonthDaySlashes = "yyyy/mm/dd"
    /// For example `31.03.2024`.
    case dayMonthYearDots = "dd.mm.yyyy"
    /// For example `31-03-2024`.
    case dayMonthYearDashes = "dd-mm-yyyy"
    /// For example `31/03/2024`.
    case dayMonthYearSlashes = "dd/mm/yyyy"
    /// For example `03/31/2024`.
    case monthDayYearSlashes = "mm/dd/yyyy"
    /// For example `03-31-2024`.
    case monthDayYearDashes = "mm-dd-yyyy"
}

/// A set of date forms that a value, or all values so far, can be read in.
struct DateForms: OptionSet {
    let rawValue: UInt8

    init(rawValue: UInt8) { self.rawValue = rawValue }

    init(_ form: DateForm) {
        rawValue = 1 << UInt8(DateForm.allCases.firstIndex(of: form) ?? 0)
    }

    static let all = DateForms(rawValue: 0x7F)

    /// The forms in the set.
    var forms: [DateForm] { DateForm.allCases.filter { contains(DateForms($0)) } }
}

/// The pieces of a written date, before it is known which number is the day.
struct DateParts {
    private var numbers: (Int, Int, Int) = (0, 0, 0)
    private var digits: (Int, Int, Int) = (0, 0, 0)
    private var separator: UInt8 = 0
    /// The time of day less the zone, in days.
    private var dayFraction = 0.0

    /// Takes the text apart; nil when it has not the shape of a date.
    init?(_ bytes: Span<UInt8>, _ range: Range<Int>) {
        guard range.count >= 8, range.count <= 40 else { return nil }
        var at = range.lowerBound
        let end = range.upperBound
        func digitRun(_ digitsMax: Int) -> (value: Int, digits: Int)? {
            var value = 0
            var count = 0
            while at < end, bytes[at] >= 0x30, bytes[at] <= 0x39, count < digitsMax {
                value = value * 10 + Int(bytes[at] - 0x30)
                count += 1
                at += 1
            }
            return count > 0 ? (value, count) : nil
        }
        guard let first = digitRun(4), at < end else { return nil }
        separator = bytes[at]
        guard separator == UInt8(ascii: "-") || separator == UInt8(ascii: "/") || separator == UInt8(ascii: ".") else {
            return nil
        }
        at += 1
        guard let second = digitRun(2), at < end, bytes[at] == separator else { return nil }
        at += 1
        guard let third = digitRun(4) else { return nil }
        numbers = (first.value, second.value, third.value)
        digits = (first.digits, second.digits, third.digits)
        guard at < end else { return }

        guard bytes[at] == 0x20 || bytes[at] == UInt8(ascii: "T") else { return nil }
        at += 1
        guard let hour = digitRun(2), hour.value < 24, at < end, bytes[at] == UInt8(ascii: ":") else { return nil }
        at += 1
        guard let minute = digitRun(2), minute.digits == 2, minute.value < 60 else { return nil }
        var seconds = Double(hour.value * 3600 + minute.value * 60)
        if at < end, bytes[at] == UInt8(ascii: ":") {
            at += 1
            guard let second = digitRun(2), second.digits == 2, second.value <= 60 else { return nil }
            seconds += Double(second.value)
            if at < end, bytes[at] == UInt8(ascii: ".") {
                at += 1
                guard let fraction = digitRun(9) else { return nil }
                // Both numbers are exact, so that one division rounds as reading the decimal would.
                var parts = 1
                for _ in 0..<fraction.digits { parts *= 10 }
                seconds += Double(fraction.value) / Double(parts)
            }
        }
        if at < end {
            let sign = bytes[at]
            at += 1
            if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") {
                guard let zoneHour = digitRun(2), zoneHour.digits == 2, zoneHour.value <= 14 else { return nil }
                var zoneSeconds = zoneHour.value * 3600
                if at < end {
                    if bytes[at] == UInt8(ascii: ":") { at += 1 }
                    guard let zoneMinute = digitRun(2), zoneMinute.digits == 2, zoneMinute.value < 60 else {
                        return nil
                    }
                    zoneSeconds += zoneMinute.value * 60
                }
                seconds += Double(sign == UInt8(ascii: "+") ? -zoneSeconds : zoneSeconds)
            } else if sign != UInt8(ascii: "Z") {
                return nil
            }
        }
        guard at == end else { return nil }
        dayFraction = seconds / 86_400
    }

    /// The days since 1970-01-01T00:00Z when this is a real date in the given form.
    func days(in form: DateForm) -> Double? {
        let wanted: UInt8 =
            switch form {
            case .yearMonthDayDashes, .dayMonthYearDashes, .monthDayYearDashes: UInt8(ascii: "-")
            case .yearMonthDaySlashes, .dayMonthYearSlashes, .monthDayYearSlashes: UInt8(ascii: "/")
            case .dayMonthYearDots: UInt8(ascii: ".")
            }
        guard separator == wanted else { return nil }
        let whole: Int?
        switch form {
        case .yearMonthDayDashes:
            guard digits == (4, 2, 2) else { return nil }
            whole = dayNumber(year: numbers.0, month: numbers.1, day: numbers.2)
        case .yearMonthDaySlashes:
            guard digits.0 == 4, digits.2 <= 2 else { return nil }
            whole = dayNumber(year: numbers.0, month: numbers.1, day: numbers.2)
        case .dayMonthYearDots, .dayMonthYearDashes, .dayMonthYearSlashes:
            guard digits.0 <= 2, digits.2 == 4 else { return nil }
            whole = dayNumber(year: numbers.2, month: numbers.1, day: numbers.0)
        case .monthDayYearSlashes, .monthDayYearDashes:
            guard digits.0 <= 2, digits.2 == 4 else { return nil }
            whole = dayNumber(year: numbers.2, month: numbers.0, day: numbers.1)
        }
        guard let whole else { return nil }
        return Double(whole) + dayFraction
    }

    /// The forms in which this is a real date.
    var possibleForms: DateForms {
        var forms: DateForms = []
        for form in DateForm.allCases where days(in: form) != nil { forms.formUnion(DateForms(form)) }
        return forms
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar, or nil when there is no such day.
///
/// Counts with years that begin in March, so that the leap day is the last of its year: day 0 of such a count is 0000-03-01, and
/// 1970-01-01 is its day 719,468. For example 2000-03-01 is 2000 × 365 + 500 − 20 + 5 = 730,485 days on, which is 11,017 after
/// 1970-01-01.
///
/// - Parameters:
///   - year: From 1 to 9999.
///   - month: From 1 to 12.
///   - day: From 1 to the length of the month.
/// - Returns: The number of days, negative before 1970.
public func dayNumber(year: Int, month: Int, day: Int) -> Int? {
    guard year >= 1, year <= 9999, month >= 1, month <= 12, day >= 1 else { return nil }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    guard day <= lengths[month - 1] else { return nil }
    let marchYear = month > 2 ? year : year - 1
    let marchMonth = (month + 9) % 12
    let daysBeforeYear = marchYear * 365 + marchYear / 4 - marchYear / 100 + marchYear / 400
    return daysBeforeYear + (marchMonth * 153 + 2) / 5 + day - 1 - 719_468
}

/// The date, in ISO form, so many days after 1970-01-01.
///
/// - Parameter number: Days since 1970-01-01; from year 1 to year 9999.
/// - Returns: For example `2000-03-01` for 11,017.
public func isoDate(dayNumber number: Int) -> String {
    let days = number + 719_468
    let era = days / 146_097
    let dayOfEra = days % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let marchMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
}
