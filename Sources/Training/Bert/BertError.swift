/// Why a BERT cannot be used, each in one sentence.
package enum BertError: Error, Sendable, Equatable, CustomStringConvertible {
    case notABert(folder: String, missing: String)
    case wrongConfiguration(file: String, problem: String)
    case missingWeights(file: String, name: String)
    case wrongShape(file: String, name: String, found: [Int], wanted: [Int])
    case notInstalled(folder: String, clip: String)
    case tooWide(folder: String, width: Int, limit: Int)

    package var description: String {
        switch self {
        case .notABert(let folder, let missing):
            "The folder \(folder) holds no BERT, as \(missing) is missing: it takes config.json, vocab.txt and "
                + "model.safetensors or pytorch_model.bin as Hugging Face has them."
        case .wrongConfiguration(let file, let problem):
            "The BERT's \(file) cannot be used, as \(problem): take the one that belongs to the weights."
        case .missingWeights(let file, let name):
            "The weights \(file) lack \(name): take the file that belongs to the config.json beside it."
        case .wrongShape(let file, let name, let found, let wanted):
            "The weights \(file) have \(name) as \(found) where config.json says \(wanted): take the files of one model."
        case .notInstalled(let folder, let clip):
            "This voice reads its texts with the BERT in \(folder), which is not there, and the features of clip \(clip) "
                + "are not kept: put it back, or correct bert under [voice] in voice.toml."
        case .tooWide(let folder, let width, let limit):
            "The BERT in \(folder) is \(width) channels wide, more than the \(limit) that the prior reads: use a "
                + "bert-base or a large one."
        }
    }
}
