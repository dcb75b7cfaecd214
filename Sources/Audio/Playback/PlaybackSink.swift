/// What plays: it takes samples ahead of time into a ring of its own, and lets them be heard at its rate. A sound card, or
/// `RealTimeSink` where there is none.
///
/// Belongs to the thread that opened it.
package protocol PlaybackSink: AnyObject {
    /// Hz.
    var sampleRate: Int { get }
    var channels: Int { get }
    /// What its ring holds, in frames.
    var bufferFrames: Int { get }
    /// Frames that it took and that were not heard yet.
    var delay: Int { get }

    /// Offers interleaved frames without waiting; it takes some of them.
    func write(_ frames: UnsafePointer<Int16>, count: Int) throws(AudioDeviceError) -> PlaybackStep
    /// Waits until there is room; false when there was none in time.
    func waitForRoom(milliseconds: Int32) throws(AudioDeviceError) -> Bool
    /// Starts what was written, if it is not heard yet, and lets it run out; false when it has not in time.
    func drain(milliseconds: Int32) -> Bool
    /// Falls silent at once.
    func drop()
}

/// What a sink did with what it was offered.
package enum PlaybackStep: Sendable, Equatable {
    /// Frames that it took.
    case wrote(Int)
    /// It has no room yet.
    case full
    /// It ran dry or was suspended, and is ready again.
    case recovered
}

/// Opens a sink for a sound of this rate, in Hz; the sink may have another one.
package typealias PlaybackSinkOpener = @Sendable (_ sampleRate: Int) -> Result<any PlaybackSink, AudioDeviceError>
