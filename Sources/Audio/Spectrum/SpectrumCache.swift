import Foundation
import Tensor

/// The constant matrices of spectrograms, made once for each configuration and kept: a few megabytes in all.
final class SpectrumCache: @unchecked Sendable {  // guarded by `lock`
    static let shared = SpectrumCache()

    private struct FilterKey: Hashable {
        let sampleRate: Int, fftSize: Int, bands: Int
    }

    private let lock = NSLock()
    private var bases: [Int: Storage] = [:]
    private var tables: [Int: FourierTables] = [:]
    private var filters: [FilterKey: Storage] = [:]

    /// [2, bins, fftSize / 2], row-major: the windowed cosines of all bins at samples 1 ... fftSize / 2, then their
    /// negative sines; a folded frame needs no more (see `Spectrogram`).
    func fourierBasis(fftSize: Int) -> Storage {
        lock.withLock {
            if let basis = bases[fftSize] { return basis }
            let basis = makeFourierBasis(fftSize)
            bases[fftSize] = basis
            return basis
        }
    }

    /// What the fast transform of `fftSize` samples reads.
    func fourierTables(fftSize: Int) -> FourierTables {
        lock.withLock {
            if let present = tables[fftSize] { return present }
            let made = FourierTables(fftSize)
            tables[fftSize] = made
            return made
        }
    }

    /// [bands, bins], row-major.
    func melFilters(sampleRate: Int, fftSize: Int, bands: Int) -> Storage {
        let key = FilterKey(sampleRate: sampleRate, fftSize: fftSize, bands: bands)
        return lock.withLock {
            if let present = filters[key] { return present }
            let made = makeMelFilters(sampleRate: sampleRate, fftSize: fftSize, bands: bands)
            filters[key] = made
            return made
        }
    }
}

/// The window of a frame, and cos and sin of 2πk / size for k ≤ size / 2.
struct FourierTables {
    let window, cosines, sines: Storage

    init(_ size: Int) {
        (window, cosines, sines) = (Storage(count: size), Storage(count: size / 2 + 1), Storage(count: size / 2 + 1))
        let angles = (0..<size).map { 2 * Double.pi * Double($0) / Double(size) }
        // Periodic Hann.
        for n in 0..<size { window.pointer[n] = Float(0.5 - 0.5 * cos(angles[n])) }
        for k in 0...size / 2 {
            (cosines.pointer[k], sines.pointer[k]) = (Float(cos(angles[k])), Float(sin(angles[k])))
        }
    }
}

private func makeFourierBasis(_ size: Int) -> Storage {
    let bins = size / 2 + 1, half = size / 2
    let basis = Storage(count: 2 * bins * half)
    let angles = (0..<size).map { 2 * Double.pi * Double($0) / Double(size) }
    let cosines = angles.map { cos($0) }, sines = angles.map { sin($0) }
    // Periodic Hann.
    let window = cosines.map { 0.5 - 0.5 * $0 }
    for bin in 0..<bins {
        for n in 1...half {
            let turn = bin * n % size
            basis.pointer[bin * half + n - 1] = Float(window[n] * cosines[turn])
            basis.pointer[(bins + bin) * half + n - 1] = Float(-window[n] * sines[turn])
        }
    }
    return basis
}

/// Slaney's mel scale (Auditory Toolbox, 1998): linear to 1 kHz, logarithmic above.
private enum SlaneyScale {
    static let hertzPerMel = 200.0 / 3
    static let breakHertz = 1000.0
    static let breakMel = 15.0
    static let logStep = log(6.4) / 27

    static func mel(_ hertz: Double) -> Double {
        hertz < breakHertz ? hertz / hertzPerMel : breakMel + log(hertz / breakHertz) / logStep
    }

    static func hertz(_ mel: Double) -> Double {
        mel < breakMel ? mel * hertzPerMel : breakHertz * exp(logStep * (mel - breakMel))
    }
}

private func makeMelFilters(sampleRate: Int, fftSize: Int, bands: Int) -> Storage {
    let bins = fftSize / 2 + 1
    let top = SlaneyScale.mel(Double(sampleRate) / 2)
    let edges = (0..<bands + 2).map { SlaneyScale.hertz(top * Double($0) / Double(bands + 1)) }
    let filters = Storage(count: bands * bins)
    for band in 0..<bands {
        let (low, centre, high) = (edges[band], edges[band + 1], edges[band + 2])
        for bin in 0..<bins {
            let frequency = Double(sampleRate) * Double(bin) / Double(fftSize)
            let height = min((frequency - low) / (centre - low), (high - frequency) / (high - centre))
            filters.pointer[band * bins + bin] = Float(max(0, height) * 2 / (high - low))
        }
    }
    return filters
}
