import Foundation

/// One record of TensorBoard's event files: TensorFlow's `Event` (event.proto, summary.proto, tensor.proto), as far as
/// Reprise writes it.
struct BoardEvent {
    enum Content {
        /// What begins every file.
        case version
        /// A run that goes on at the event's step: TensorBoard leaves out what earlier files have from there on.
        case restart
        case summary([BoardValue])
    }

    let date: Date
    var step = 0
    let content: Content

    /// The record as a protocol buffer message. Numbers are those of the fields.
    var message: ProtocolMessage {
        var event = ProtocolMessage()
        event.add(1, date.timeIntervalSince1970)
        event.add(2, step)
        switch content {
        case .version: event.add(3, "brain.Event:2")
        case .summary(let values):
            event.add(5) { summary in
                for value in values { summary.add(1, value.message) }
            }
        case .restart: event.add(7) { $0.add(1, 1) }
        }
        return event
    }
}

/// One of a step's values, `Summary.Value`.
struct BoardValue {
    enum Content {
        case number(Float)
        /// Shown as Markdown.
        case text(String)
        /// A WAV file, with Hz and samples.
        case sound(Data, sampleRate: Int, sampleCount: Int)
        case picture(PortableImage)
    }

    let tag: String
    let content: Content

    var message: ProtocolMessage {
        var value = ProtocolMessage()
        value.add(1, tag)
        switch content {
        case .number(let number): value.add(2, number)
        case .picture(let picture):
            value.add(4) {
                $0.add(1, picture.height)
                $0.add(2, picture.width)
                $0.add(3, 3)  // colours
                $0.add(4, picture.png)
            }
        case .sound(let file, let sampleRate, let sampleCount):
            value.add(6) {
                $0.add(1, Float(sampleRate))
                $0.add(2, 1)  // channels
                $0.add(3, sampleCount)
                $0.add(4, file)
                $0.add(5, "audio/wav")
            }
        case .text(let text):
            // A tensor of one string, which a plug-in's name makes a text.
            value.add(8) {
                $0.add(1, 7)  // DT_STRING
                $0.add(2) { shape in shape.add(2) { $0.add(1, 1) } }
                $0.add(8, Data(text.utf8))
            }
            value.add(9) { metadata in metadata.add(1) { $0.add(1, "text") } }
        }
        return value
    }
}
