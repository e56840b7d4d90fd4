/// `1 / (1 + exp(-x))` with the same bits on every machine.
///
/// The system's `exp` may choose another variant on another processor, and a bundle's golden rows would then differ
/// in the last bit. Here every step is one IEEE operation in a fixed order. The result is within 2 units in the last
/// place of the exact one; it is 0 (or 1) beyond 200, where a float32 holds nothing else.
/// - Parameter x: any number; NaN gives NaN.
/// - Returns: a number from 0 to 1.
package func stableSigmoid(_ x: Double) -> Double {
    if x.isNaN { return x }
    let tail = stableExponential(-min(abs(x), 200))
    if x >= 0 { return 1 / (1 + tail) }
    return x < -200 ? 0 : tail / (1 + tail)
}

/// `exp(x)` for x from -200 to 0: `2^k * exp(r)` with r at most half of ln 2 in size, by its power series.
///
/// For example x = -1: k = -1, r = -1 + 0.6931… = -0.3069…, exp(r) = 0.7358, halved 0.3679.
private func stableExponential(_ x: Double) -> Double {
    let k = (x * 0x1.71547652b82fep+0).rounded(.toNearestOrEven)
    // ln 2 in two parts; the first has 32 bits, so that its product with k is exact.
    let r = (x - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33
    var sum = 1.0 / 6_227_020_800
    sum = sum * r + 1.0 / 479_001_600
    sum = sum * r + 1.0 / 39_916_800
    sum = sum * r + 1.0 / 3_628_800
    sum = sum * r + 1.0 / 362_880
    sum = sum * r + 1.0 / 40_320
    sum = sum * r + 1.0 / 5_040
    sum = sum * r + 1.0 / 720
    sum = sum * r + 1.0 / 120
    sum = sum * r + 1.0 / 24
    sum = sum * r + 1.0 / 6
    sum = sum * r + 0.5
    sum = sum * r + 1
    sum = sum * r + 1
    return sum * Double(sign: .plus, exponent: Int(k), significand: 1)
}
