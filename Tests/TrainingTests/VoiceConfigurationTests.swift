import Foundation
import Testing
import Training

@Suite struct VoiceConfigurationTests {
    private func problem(_ toml: String) throws -> String {
        let error = try #require(throws: VoiceError.self) { try VoiceConfiguration(toml: toml, file: "voice.toml") }
        return error.description
    }
    private static let start = "[voice]\nname = \"ada\"\n"

    @Test func aNameIsEnough() throws {
        let configuration = try VoiceConfiguration(toml: Self.start, file: "voice.toml")
        #expect(configuration == VoiceConfiguration(name: "ada"))
        #expect(configuration.voice.preset == .nano)
        #expect(configuration.training.schedule == [.sovits, .sovits, .sovits, .prior])
        #expect(configuration.optimizer.sovitsLearningRate == 2e-4)
        #expect(configuration.base == nil)
    }

    @Test func aBaseHalvesTheDefaultRateOnly() throws {
        let base = "[base]\nvoice = \"lj\"\n"
        let byDefault = try VoiceConfiguration(toml: Self.start + base, file: "voice.toml")
        #expect(byDefault.optimizer.sovitsLearningRate == 1e-4)
        #expect(byDefault.base == .init(voice: "lj"))
        let given = "[optimizer]\nsovits_learning_rate = 3e-4\n"
        let chosen = try VoiceConfiguration(toml: Self.start + given + base, file: "voice.toml")
        #expect(chosen.optimizer.sovitsLearningRate == 3e-4)
    }

    @Test func writingAndReadingGiveTheSame() throws {
        var configuration = VoiceConfiguration(
            name: "quote \" slash \\ tab\t 声", language: "graphemes", preset: .standard, symbols: "abcß'\u{0301}",
            base: .init(voice: "~/voices/lj", checkpoint: "main/g_0000120"))
        configuration.voice.seed = 4_294_967_295
        configuration.data.heldOut = ["a_1", "录音"]
        configuration.training.schedule = [.prior]
        configuration.training.autosaveMinutes = 0.5
        configuration.optimizer.sovitsLearningRate = 1.25e-7
        configuration.loss.kl = 0
        configuration.sampling.topP = 0.333
        configuration.studio.device = "plughw:1,0"
        configuration.lora = .init()
        configuration.lora?.sovitsTargets = ["enc_p", "flow"]
        configuration.consent = .init()
        configuration.consent?.by = "Ada \"L.\""
        configuration.data.heldOutSpeakers = 0.25
        #expect(try VoiceConfiguration(toml: configuration.toml, file: "voice.toml") == configuration)
        let json = try JSONEncoder().encode(configuration)
        #expect(try JSONDecoder().decode(VoiceConfiguration.self, from: json) == configuration)
    }

    @Test func everyKeyIsWrittenUnderAComment() {
        var configuration = VoiceConfiguration(
            name: "ada", language: "graphemes", preset: .v2, symbols: "a", bert: "c",
            base: .init(voice: "b", checkpoint: "g"))
        configuration.lora = .init()
        var consent = VoiceConfiguration.Consent()
        (consent.by, consent.how, consent.clip, consent.clipDigest, consent.withdrawn) = ("a", "b", "c", "d", "e")
        configuration.consent = consent
        configuration.training.schedule = [.speaker]
        let lines = configuration.toml.split(separator: "\n").map(String.init)
        for setting in VoiceSetting.all {
            let place = lines.firstIndex { $0.hasPrefix("\(setting.key) = ") }
            #expect(place.map { lines[$0 - 1].hasPrefix("# ") } == true, "\(setting.name)")
        }
    }

    @Test func everyDefaultIsAllowed() {
        let configuration = VoiceConfiguration(name: "ada")
        for setting in VoiceSetting.all {
            if let value = setting.read(configuration) { #expect(setting.allows(value), "\(setting.name)") }
        }
        #expect(Set(VoiceSetting.all.map(\.name)).count == VoiceSetting.all.count)
    }

    @Test(arguments: [
        (
            "[speaker]\nspeakers = 60",
            "voice.toml: there is no section [speaker]; the sections are [voice], [consent], [base], [lora], [data], "
                + "[training], [optimizer], [loss], [sampling], [studio]."
        ),
        ("[training]\nbatch_sise = 8", "voice.toml: [training] has no key \"batch_sise\"; did you mean batch_size?"),
        ("[loss]\nbatch_size = 8", "voice.toml: [loss] has no key \"batch_size\"; it belongs under [training]."),
        (
            "[loss]\nwarmth = 8",
            "voice.toml: [loss] has no key \"warmth\"; its keys are mel, kl, adversarial, feature_matching, "
                + "commitment."
        ),
        (
            "[training]\nbatch_size = \"eight\"",
            "voice.toml: [training] batch_size must be a whole number from 1 to 64, not \"eight\"."
        ),
        ("[training]\nbatch_size = 0", "voice.toml: [training] batch_size must be a whole number from 1 to 64, not 0."),
        (
            "[training]\nbatch_size = 2.5",
            "voice.toml: [training] batch_size must be a whole number from 1 to 64, not 2.5."
        ),
        ("[loss]\nmel = -1", "voice.toml: [loss] mel must be a number from 0 to 1000, not -1."),
        ("[loss]\nmel = nan", "voice.toml: [loss] mel must be a number from 0 to 1000, not nan."),
        (
            "[training]\nschedule = [\"sovits\", \"gpt\"]",
            "voice.toml: [training] schedule must be a list of \"sovits\", \"prior\" and \"speaker\" that is not empty, not "
                + "[\"sovits\", \"gpt\"]."
        ),
        (
            "[training]\nschedule = []",
            "voice.toml: [training] schedule must be a list of \"sovits\", \"prior\" and \"speaker\" that is not empty, not []."
        ),
        ("[data]\nheld_out = [1]", "voice.toml: [data] held_out must be a list of texts in quotes, not [1]."),
        ("[trainign]\nbatch_size = 1", "voice.toml: there is no section [trainign]; did you mean [training]?"),
        (
            "[base]\ncheckpoint = \"g_1\"",
            "voice.toml: [base] voice is missing; write the voice's path or name, or delete "
                + "the section."
        ),
        (
            "[optimizer]\nprior_total_steps = 200",
            "voice.toml: [optimizer] prior_warmup_steps must be less than "
                + "prior_total_steps."
        ),
    ])
    func eachMistakeIsOneSentence(toml: String, sentence: String) throws {
        #expect(try problem(Self.start + toml) == sentence)
    }

    @Test func mistakesInTheVoiceSection() throws {
        #expect(try problem("") == "voice.toml: [voice] name is missing; write how the voice is called.")
        #expect(
            try problem("batch_size = 8\n" + Self.start)
                == "voice.toml: the key \"batch_size\" stands outside a section; it belongs under [training].")
        #expect(
            try problem(Self.start + "preset = \"big\"")
                == "voice.toml: [voice] preset must be one of \"tiny\", \"nano\", \"standard\", \"v2\", not \"big\".")
        #expect(
            try problem(Self.start + "language = \"graphemes\"")
                == "voice.toml: [voice] symbols is missing; a voice with language \"graphemes\" lists its letters there."
        )
        #expect(try problem("[voice\nname = 1").hasPrefix("voice.toml: line 1, column 7 is not TOML ("))
    }
}
