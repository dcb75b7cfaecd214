import COpenBLAS
import Foundation

/// What computed a checkpoint's numbers: another CPU may round differently. It stands in the manifest only.
package struct MachineDescription: Sendable, Codable, Equatable {
    package var architecture: String
    /// The CPU's own name, empty when the system does not tell.
    package var processor: String
    /// Instruction sets the kernels choose between, of those this CPU has.
    package var features: [String]
    package var blasConfiguration: String
    package var blasCore: String
    package var operatingSystem: String

    package init(
        architecture: String, processor: String, features: [String], blasConfiguration: String, blasCore: String,
        operatingSystem: String
    ) {
        self.architecture = architecture
        self.processor = processor
        self.features = features
        self.blasConfiguration = blasConfiguration
        self.blasCore = blasCore
        self.operatingSystem = operatingSystem
    }

    /// The machine this runs on, looked up once.
    package static let current: MachineDescription = {
        let lines = ((try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? "").split(separator: "\n")
        func field(_ names: String...) -> String {
            for line in lines {
                let parts = line.split(separator: ":", maxSplits: 1)
                if parts.count == 2, names.contains(parts[0].trimmingCharacters(in: .whitespaces)) {
                    return parts[1].trimmingCharacters(in: .whitespaces)
                }
            }
            return ""
        }
        let wanted: Set<Substring> = [
            "sse4_2", "avx", "avx2", "fma", "bmi2", "avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512_vnni",
            "avx512_bf16", "asimd", "asimdhp", "sve", "sve2",
        ]
        #if arch(x86_64)
            let architecture = "x86_64"
        #elseif arch(arm64)
            let architecture = "arm64"
        #else
            let architecture = "other"
        #endif
        return MachineDescription(
            architecture: architecture, processor: field("model name", "Model"),
            features: field("flags", "Features").split(separator: " ").filter { wanted.contains($0) }.map(String.init)
                .sorted(),
            blasConfiguration: openblas_get_config().map { String(cString: $0).trimmingCharacters(in: .whitespaces) }
                ?? "",
            blasCore: openblas_get_corename().map { String(cString: $0) } ?? "",
            operatingSystem: ProcessInfo.processInfo.operatingSystemVersionString)
    }()
}
