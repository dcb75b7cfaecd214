import ArgumentParser
import Audio
import Checkpoint
import Foundation
import Text
import Training

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Say what this machine offers: CPU, BLAS, sound, terminal, languages, disk.")

    func run() throws {
        let machine = MachineDescription.current
        let environment = ProcessInfo.processInfo.environment
        row("CPU", "\(machine.processor), \(ProcessInfo.processInfo.activeProcessorCount) cores")
        row("SIMD", machine.features.isEmpty ? "none that the kernels know" : machine.features.joined(separator: " "))
        row("OpenBLAS", "core \(machine.blasCore)")
        row("Memory", size(Int(ProcessInfo.processInfo.physicalMemory)))
        let locale = environment["LC_ALL"] ?? environment["LC_CTYPE"] ?? environment["LANG"] ?? "C"
        row("Terminal", "\(environment["TERM"] ?? "none"), locale \(locale)")
        let devices = AudioDevice.playbackDevices()
        row(
            "Sound",
            devices.isEmpty ? "no device; auditions are kept as WAV files" : devices.map(\.name).joined(separator: ", ")
        )
        let languages = try SpeechEngine.shared.languages()
        row("Languages", "\(languages.count) through espeak-ng, or graphemes")
        let home = VoiceLocation().home
        row("Voices", home.path)
        row("Disk", freeSpace(at: home).map { "\(size($0)) free" } ?? "unknown")
    }

    private func row(_ name: String, _ value: String) {
        print(name.padding(toLength: 11, withPad: " ", startingAt: 0) + value)
    }

    private func size(_ bytes: Int) -> String {
        ByteCountFormatter.string(fromByteCount: Int64(bytes), countStyle: .memory)
    }

    /// Of the nearest folder that exists.
    private func freeSpace(at url: URL) -> Int? {
        var folder = url
        while !FileManager.default.fileExists(atPath: folder.path), folder.path != "/" {
            folder.deleteLastPathComponent()
        }
        let attributes = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
        return (attributes?[.systemFreeSize] as? NSNumber)?.intValue
    }
}
