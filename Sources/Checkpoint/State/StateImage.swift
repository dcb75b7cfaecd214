import Foundation

/// The tensors of one safetensors file, in the order they are written.
package struct StateFile: Sendable, Equatable {
    /// With its ending, e.g. `sovits.safetensors`.
    package let name: String
    package let tensors: [TensorImage]
    /// Goes into the file's `__metadata__`; part of its bytes, so it holds no times.
    package let metadata: [String: String]
    private let places: [String: Int]

    package init(name: String, tensors: [TensorImage], metadata: [String: String] = [:]) {
        self.name = name
        // Wide numbers first, so that each tensor begins at a multiple of its width; otherwise the order given.
        let ordered = [8, 4, 2, 1].flatMap { width in tensors.filter { $0.type.width == width } }
        self.tensors = ordered
        self.metadata = metadata
        places = Dictionary(ordered.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    package subscript(_ name: String) -> TensorImage? { places[name].map { tensors[$0] } }

    /// The tensor of a name; throws a sentence when the file lacks it.
    package func tensor(_ name: String) throws -> TensorImage {
        guard let tensor = self[name] else { throw CheckpointError.missingTensor(name: name, file: self.name) }
        return tensor
    }
}

/// A small text inside a checkpoint, e.g. `voice.toml` as it was.
package struct TextFile: Sendable, Equatable {
    package let name: String
    package let contents: String

    package init(name: String, contents: String) {
        self.name = name
        self.contents = contents
    }
}

/// The complete training state at a step, as one immutable, copied value.
package struct StateImage: Sendable, Equatable {
    package let files: [StateFile]
    /// `position.json` first, then the others.
    package let texts: [TextFile]

    /// The name under which `position` is kept.
    package static let positionName = "position.json"

    /// `position` holds what is neither tensor nor text: steps, sampler position, seeds, settings. It is written as JSON
    /// with sorted keys, so equal positions are equal bytes; it should hold no times.
    package init(files: [StateFile], position: some Encodable, texts: [TextFile] = []) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        let json = String(decoding: try encoder.encode(position), as: UTF8.self) + "\n"
        self.init(files: files, texts: [TextFile(name: Self.positionName, contents: json)] + texts)
    }

    /// For readers.
    init(files: [StateFile], texts: [TextFile]) {
        self.files = files
        self.texts = texts
    }

    /// What `position` was when this was made.
    package func position<Position: Decodable>(as type: Position.Type = Position.self) throws -> Position {
        guard let text = text(Self.positionName) else {
            throw CheckpointError.missingFile(name: Self.positionName)
        }
        do {
            return try JSONDecoder().decode(type, from: Data(text.utf8))
        } catch {
            throw CheckpointError.unreadablePosition(reason: Self.reason(error))
        }
    }

    /// The file of a name; throws a sentence when there is none.
    package func file(_ name: String) throws -> StateFile {
        guard let file = files.first(where: { $0.name == name }) else { throw CheckpointError.missingFile(name: name) }
        return file
    }

    package func text(_ name: String) -> String? {
        texts.first { $0.name == name }?.contents
    }

    /// The part of a decoding error that a person can use.
    static func reason(_ error: any Error) -> String {
        func place(_ context: DecodingError.Context) -> String {
            context.codingPath.map(\.stringValue).joined(separator: ".")
        }
        return switch error {
        case DecodingError.keyNotFound(let key, let context):
            "the key \((context.codingPath.map(\.stringValue) + [key.stringValue]).joined(separator: ".")) is missing"
        case DecodingError.typeMismatch(let type, let context): "\(place(context)) is not of type \(type)"
        case DecodingError.valueNotFound(_, let context): "\(place(context)) is empty"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
            "\(place(context)): \(context.debugDescription)"
        default: "it is not valid JSON"
        }
    }
}
