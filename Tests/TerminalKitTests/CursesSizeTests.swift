import Foundation
import TerminalKit
import Testing

/// The terminal's size is asked for where a picture is about to be drawn.
@Suite @MainActor struct CursesSizeTests {
    @Test func theFirstPictureAfterAResizeIsOfTheNewSize() throws {
        var (master, slave): (Int32, Int32) = (-1, -1)
        var size = winsize(ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0)
        try #require(openpty(&master, &slave, nil, nil, &size) == 0)
        defer { for descriptor in [master, slave] { close(descriptor) } }
        let device = String(cString: try #require(ttyname(slave)))
        let backend = CursesBackend(theme: .plain, place: .init(device: device, type: "xterm-256color"))
        try backend.start()
        defer { backend.stop() }
        #expect(backend.size == TerminalSize(columns: 80, rows: 24))
        backend.present(CellGrid(size: backend.size))
        size = winsize(ws_row: 10, ws_col: 40, ws_xpixel: 0, ws_ypixel: 0)
        #expect(ioctl(master, UInt(TIOCSWINSZ), &size) == 0)
        #expect(backend.size == TerminalSize(columns: 40, rows: 10))
    }
}
