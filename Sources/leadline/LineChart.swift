internal import Foundation

/// Lines over two axes, as SVG that needs nothing from elsewhere.
struct LineChart {
    /// A line.
    struct Series {
        var name: String
        var points: [(x: Double, y: Double)]
    }

    /// A place on an axis, and what it is called.
    struct Tick {
        var value: Double
        var label: String
    }

    var title: String
    /// What the axes hold, with the unit.
    var xName: String, yName: String
    var series: [Series]
    /// Places of the lower axis; nil lets the chart choose.
    var xTicks: [Tick]?
    /// Places of the lower axis where something happened.
    var marks: [Double] = []
    /// Whether the other axis is logarithmic.
    var isLogarithmic = false

    // Sizes of the drawing, in its own units; narrow screens show about one pixel for each.
    private static let (width, height) = (480.0, 280.0)
    private static let (left, right, top, bottom) = (58.0, 12.0, 30.0, 44.0)
    private static let colors = ["a", "b", "c"]

    /// The drawing; empty where there is no line to draw.
    var svg: String {
        guard series.contains(where: { $0.points.count > 1 }) else { return "" }
        let points = series.flatMap(\.points)
        guard let xLow = points.map(\.x).min(), let xHigh = points.map(\.x).max(), let yMax = points.map(\.y).max()
        else {
            return ""
        }
        let xTicks = xTicks ?? evenTicks(xLow, xHigh, count: 6)
        let xRange = min(xLow, xTicks.first?.value ?? xLow)...max(xHigh, xTicks.last?.value ?? xHigh, xLow + 1e-9)
        let yTicks = isLogarithmic ? logarithmicTicks(points.map(\.y)) : evenTicks(0, max(yMax, 1e-9), count: 5)
        guard let yLow = yTicks.first?.value, let yHigh = yTicks.last?.value, yHigh > yLow else { return "" }

        func x(_ value: Double) -> Double {
            let share = (value - xRange.lowerBound) / (xRange.upperBound - xRange.lowerBound)
            return Self.left + share * (Self.width - Self.left - Self.right)
        }
        func y(_ value: Double) -> Double {
            let value = min(max(value, yLow), yHigh)
            let share =
                isLogarithmic ? log(value / yLow) / log(yHigh / yLow) : (value - yLow) / (yHigh - yLow)
            return Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom)
        }
        var svg =
            "<svg viewBox=\"0 0 \(Int(Self.width)) \(Int(Self.height))\" role=\"img\" aria-label=\"\(escaped(title))\">\n"
        for tick in yTicks {
            svg += line("grid", x(xRange.lowerBound), y(tick.value), x(xRange.upperBound), y(tick.value))
            svg += text(Self.left - 6, y(tick.value) + 4, "end", tick.label)
        }
        for tick in xTicks where xRange.contains(tick.value) {
            svg += line("grid", x(tick.value), y(yLow), x(tick.value), y(yHigh))
            let isLast = x(tick.value) > Self.width - Self.right - 12
            svg += text(x(tick.value), Self.height - Self.bottom + 16, isLast ? "end" : "middle", tick.label)
        }
        for mark in marks where xRange.contains(mark) {
            svg += line("mark", x(mark), y(yLow), x(mark), y(yHigh))
        }
        svg += text((Self.left + Self.width - Self.right) / 2, Self.height - 8, "middle", xName)
        svg += text(Self.left, 14, "start", yName)
        var legend = Self.width - Self.right
        for (index, series) in series.enumerated().reversed() {
            let color = Self.colors[index % Self.colors.count]
            let places = series.points.map { String(format: "%.1f,%.1f", x($0.x), y($0.y)) }
            svg += "<polyline class=\"line \(color)\" points=\"\(places.joined(separator: " "))\"/>\n"
            guard self.series.count > 1 else { continue }
            svg +=
                "<text class=\"\(color)\" x=\"\(Int(legend))\" y=\"14\" text-anchor=\"end\">\(escaped(series.name))</text>\n"
            legend -= Double(series.name.count) * 7 + 14
        }
        return svg + "</svg>\n"
    }

    private func line(_ kind: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) -> String {
        String(format: "<line class=\"\(kind)\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x1, y1, x2, y2)
    }

    private func text(_ x: Double, _ y: Double, _ anchor: String, _ words: String) -> String {
        String(format: "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"\(anchor)\">", x, y) + "\(escaped(words))</text>\n"
    }
}

/// Round places from below the least to above the greatest.
func evenTicks(_ low: Double, _ high: Double, count: Int) -> [LineChart.Tick] {
    let rough = max((high - low) / Double(count), 1e-12)
    let power = pow(10, log10(rough).rounded(.down))
    let step = power * ([1, 2, 5, 10].first { $0 * power >= rough * 0.999 } ?? 10)
    let first = (low / step + 1e-9).rounded(.down)
    let last = max((high / step - 1e-9).rounded(.up), first + 1)
    return stride(from: first, through: last, by: 1).map { LineChart.Tick(value: $0 * step, label: short($0 * step)) }
}

/// 1, 2 and 5 of each power of ten from below the least to above the greatest; of many only the ends and the powers.
private func logarithmicTicks(_ values: [Double]) -> [LineChart.Tick] {
    let positive = values.filter { $0 > 0 }
    guard let low = positive.min(), let high = positive.max() else { return [] }
    let powers = Int(log10(low).rounded(.down))...Int(log10(high).rounded(.down)) + 1
    let all = powers.flatMap { power in [1, 2, 5].map { $0 * pow(10, Double(power)) } }
    let first = all.lastIndex { $0 <= low * 1.000001 } ?? 0
    let last = all.firstIndex { $0 >= high * 0.999999 } ?? all.count - 1
    let range = first...max(last, first + 1)
    return range.filter { range.count <= 8 || $0 % 3 == 0 || $0 == range.lowerBound || $0 == range.upperBound }
        .map { LineChart.Tick(value: all[$0], label: short(all[$0])) }
}

/// A number for an axis: 0.05, 1.5, 20, 5k, 1.2M.
func short(_ number: Double) -> String {
    for (factor, sign) in [(1e9, "G"), (1e6, "M"), (1e3, "k")] where abs(number) >= factor {
        return String(format: "%g", number / factor) + sign
    }
    return String(format: "%g", (number * 1e9).rounded() / 1e9)
}

/// Text for HTML and SVG.
func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "&": result += "&amp;"
        case "<": result += "&lt;"
        case ">": result += "&gt;"
        case "\"": result += "&quot;"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
