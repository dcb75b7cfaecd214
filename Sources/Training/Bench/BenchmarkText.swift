import Foundation

extension StepBenchmark.Report {
    package var text: String {
        let heading =
            "\(preset): batch \(batch), \(frames) frames, \(symbols) symbols, \(tokens) tokens, segment \(segment), "
            + "\(threads) threads, median of \(repeats)"
        return ([heading, machine.text] + stages.map(\.text)).joined(separator: "\n\n")
    }
}

extension StepBenchmark.StageReport {
    var text: String {
        let heading =
            "\(stage) step  \(duration(seconds))   \(figure(gigaflop)) GFLOP   \(figure(gigaflopPerSecond)) GFLOP/s   "
            + "\(percent(shareOfCeiling)) of sgemm   peak memory \(figure(peakMegabytes)) MB"
        var table = BenchmarkTable(["part", "time", "share", "GFLOP", "GFLOP/s", ""], leading: 1)
        for part in parts {
            let share = part.seconds / seconds
            table.add([
                part.name, duration(part.seconds), percent(share), figure(part.gigaflop),
                figure(part.gigaflop / part.seconds), BenchmarkTable.bar(share),
            ])
        }
        return heading + "\n" + table.text()
    }
}

extension OperatorBenchmark.Report {
    package var text: String {
        let heading =
            "\(preset): batch \(batch), \(frames) frames, \(symbols) symbols, \(tokens) tokens, segment \(segment), "
            + "\(threads) threads, median of \(repeats)"
        let total = operations.reduce(0) { $0 + $1.totalSeconds }
        var table = BenchmarkTable(
            ["operator", "pass", "shape", "calls", "each", "all", "share", "GFLOP/s", "of sgemm", "GB/s", ""],
            leading: 3)
        for operation in operations {
            let speed = operation.gigaflop / operation.seconds, share = operation.totalSeconds / max(total, 1e-12)
            table.add([
                operation.item.kind.rawValue, operation.item.pass.rawValue, operation.item.shape.label,
                "\(operation.calls)", duration(operation.seconds), duration(operation.totalSeconds), percent(share),
                figure(speed), operation.gigaflop == 0 ? "–" : percent(speed / machine.best.sgemmGigaflops),
                figure(operation.item.traffic / operation.seconds / 1e9),
                BenchmarkTable.bar(share / max(1e-12, (operations.first?.totalSeconds ?? 0) / total), width: 12),
            ])
        }
        return [heading, machine.text, kinds(total), table.text()].joined(separator: "\n\n")
    }

    /// All shapes of a kind and pass together.
    private func kinds(_ total: Double) -> String {
        struct Sum {
            var shapes = 0, calls = 0, seconds = 0.0, gigaflop = 0.0
        }
        var sums = [String: Sum]()
        for operation in operations {
            let name = "\(operation.item.kind.rawValue) \(operation.item.pass.rawValue)"
            sums[name, default: Sum()].shapes += 1
            sums[name, default: Sum()].calls += operation.calls
            sums[name, default: Sum()].seconds += operation.totalSeconds
            sums[name, default: Sum()].gigaflop += Double(operation.calls) * operation.gigaflop
        }
        var table = BenchmarkTable(
            ["of a step", "shapes", "calls", "time", "share", "GFLOP/s", "of sgemm", ""], leading: 1)
        for (name, sum) in sums.sorted(by: { ($0.value.seconds, $0.key) > ($1.value.seconds, $1.key) }) {
            let speed = sum.gigaflop / sum.seconds, share = sum.seconds / max(total, 1e-12)
            table.add([
                name, "\(sum.shapes)", "\(sum.calls)", duration(sum.seconds), percent(share), figure(speed),
                sum.gigaflop == 0 ? "–" : percent(speed / machine.best.sgemmGigaflops), BenchmarkTable.bar(share),
            ])
        }
        return table.text()
    }
}

extension SpeechBenchmark.Report {
    package var text: String {
        var table = BenchmarkTable(["prior weights", "tokens/s", "× real time", "tokens a pass"], leading: 1)
        for entry in sampling {
            // 25 tokens make a second.
            table.add([
                entry.name, figure(entry.tokensPerSecond), figure(entry.tokensPerSecond / 25),
                figure(entry.tokensPerPass),
            ])
        }
        return [
            "\(preset): one sentence of \(symbols) symbols and \(tokens) tokens, \(threads) threads, median of \(repeats)",
            machine.text,
            "decoding  \(duration(decode.seconds)) for \(figure(decode.audioSeconds)) s of audio, "
                + "\(figure(decode.realTimeFactor)) × real time   \(figure(decode.gigaflop)) GFLOP   "
                + "\(figure(decode.gigaflopPerSecond)) GFLOP/s   \(percent(decode.shareOfCeiling)) of sgemm   "
                + "peak memory \(figure(peakMegabytes)) MB",
            "sampling\n" + table.text(),
        ].joined(separator: "\n\n")
    }
}
