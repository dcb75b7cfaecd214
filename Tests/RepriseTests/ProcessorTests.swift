#if arch(x86_64)
    import Foundation
    import Testing

    extension ProgramTests {
        /// The same build on other processors, which an emulator stands in for: an instruction they do not have ends the
        /// program there as it would on the real one.
        @Suite struct ProcessorTests {
            /// Emulation is slow: four clips, one in a batch, one step of each stage.
            private func voice() throws -> TestVoice {
                let voice = try TestVoice(["batch_size": "1", "schedule": "[\"sovits\", \"prior\"]", "held_out": "[]"])
                try voice.keepClips(4)
                return voice
            }

            /// The figures of every step, by name.
            private func figures(_ result: ProgramResult) throws -> [[String: Double]] {
                try result.outputLines.map { line in
                    let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                    return record?["metrics"] as? [String: Double] ?? [:]
                }
            }

            /// QEMU's names: no AVX at all, and AVX2 without AVX-512.
            @Test(arguments: ["Nehalem", "max"]) func trainsAlikeOn(processor: String) async throws {
                let here = try voice(), there = try voice()
                let native = try await figures(here.train(to: 2))
                let command = [
                    "qemu-x86_64", "-cpu", processor, Program.path, "train", there.path, "--steps", "2", "--json",
                ]
                let result = try await RunningProgram(command, home: there.home).finished()
                #expect(result.code == 0, "\(result.errors)")
                try expectAlike(figures(result), native)
            }

            @Test func aVoiceMovesToAnotherProcessorAndBack() async throws {
                let here = try voice(), there = try voice()
                _ = try await here.train(to: 2)
                try FileManager.default.removeItem(at: there.url)
                try FileManager.default.copyItem(at: here.url, to: there.url)
                let native = try await figures(here.train(to: 3))
                let command = [
                    "qemu-x86_64", "-cpu", "Nehalem", Program.path, "train", there.path, "--steps", "3", "--threads",
                    "1",
                    "--json",
                ]
                let moved = try await RunningProgram(command, home: there.home).finished()
                #expect(moved.code == 0 && moved.errors.contains("resumed from main/g_0000002"), "\(moved.errors)")
                let found = try figures(moved)
                #expect(found.count == 1 && native.count == 1)
                expectAlike(try #require(found.first), try #require(native.first))
                let back = try await there.train(to: 4)
                #expect(back.errors.contains("resumed from main/g_0000003"), "\(back.errors)")
                #expect(try figures(back).count == 1)
            }

            /// OpenBLAS with the kernels of another processor, ours as they are.
            @Test(arguments: ["Nehalem", "Haswell"]) func trainsAlikeWithOpenBLASOf(core: String) async throws {
                let here = try voice(), there = try voice()
                let native = try await figures(here.train(to: 2))
                let command = [
                    "env", "OPENBLAS_CORETYPE=\(core)", Program.path, "train", there.path, "--steps", "2", "--json",
                ]
                let result = try await RunningProgram(command, home: there.home).finished()
                #expect(result.code == 0, "\(result.errors)")
                try expectAlike(figures(result), native)
            }

            /// Equal to rounding, which the gradients' norms gather most of.
            private func expectAlike(_ found: [[String: Double]], _ wanted: [[String: Double]]) {
                #expect(found.count == 2 && wanted.count == 2)
                for (there, here) in zip(found, wanted) { expectAlike(there, here) }
            }

            private func expectAlike(_ there: [String: Double], _ here: [String: Double]) {
                #expect(there.keys.sorted() == here.keys.sorted() && here.count >= 3)
                for (name, value) in here {
                    #expect(abs((there[name] ?? .nan) - value) <= 2e-3 * abs(value), "\(name)")
                }
            }
        }
    }
#endif
