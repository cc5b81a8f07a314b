import Dispatch
import Foundation
import Purging
import Steering
import Synchronization
import Testing

@Suite("Pauses")
struct PausesTests {
    /// 2023-11-14 22:13:20 UTC
    private static let now = Timestamp(1_700_000_000_000)

    @Test("last as long as there is a file, or a link, or a place that can't be looked into")
    func file() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "pauses-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "pause").path
        let pauses = Pauses(file: path, windows: [])
        #expect(pauses.reason(at: Self.now) == nil)
        #expect(FileManager.default.createFile(atPath: path, contents: nil))
        #expect(pauses.reason(at: Self.now) == .file(path))
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/nowhere/to/be/found")
        #expect(pauses.reason(at: Self.now) == .file(path))
        try FileManager.default.removeItem(atPath: path)
        #expect(pauses.reason(at: Self.now) == nil)
        let long = folder.appending(path: String(repeating: "x", count: 300)).path
        #expect(
            Pauses(file: long, windows: []).reason(at: Self.now)
                == .unknownFile(long, problem: "File name too long")
        )
    }

    @Test("last outside of all windows")
    func windows() throws {
        let windows = try ["06:00-07:00", "22:00-23:00"].map { try TimeWindow($0) }
        #expect(Pauses(file: nil, windows: windows).reason(at: Self.now) == nil)
        #expect(
            Pauses(file: nil, windows: [windows[0]]).reason(at: Self.now)
                == .outsideWindows(opensAt: "2023-11-15T06:00:00Z")
        )
        #expect(Pauses(file: nil, windows: []).reason(at: Self.now) == nil)
    }

    @Test(
        "the file may ask for less instead of nothing; what it says that nobody understands is a stop",
        arguments: [
            ("", nil, 1.0, true), (" \n", nil, 1, true), ("rate 20\n", 20.0, 1, false), ("RATE 0.5", 0.5, 1, false),
            ("50%", nil, 0.5, false), (" 12.5%\n", nil, 0.125, false), ("100%", nil, 1, false),
            ("rate", nil, 1, true), ("rate x", nil, 1, true), ("rate 0", nil, 1, true), ("rate -1", nil, 1, true),
            ("0%", nil, 1, true), ("120%", nil, 1, true), ("%", nil, 1, true), ("rate nan", nil, 1, true),
            ("rate 20 50%", nil, 1, true), ("stop", nil, 1, true), ("\u{1B}[31m", nil, 1, true),
        ] as [(String, Double?, Double, Bool)]
    )
    func content(text: String, rate: Double?, share: Double, isStop: Bool) async throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "pause-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(text.utf8).write(to: file)
        let orders = await Pauses(file: file.path, windows: []).orders(at: Self.now)
        #expect(orders.maxRate == rate && orders.share == share)
        #expect((orders.pause != nil) == isStop)
        let isEmpty = text.allSatisfy(\.isWhitespace)
        #expect((orders.pause == .file(file.path)) == (isStop && isEmpty))
        #expect(orders.pause?.description.unicodeScalars.allSatisfy { $0.value >= 32 } != false)
    }

    @Test("a pipe that nobody writes to is a stop, and holds nothing up")
    func pipe() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "pause-\(UUID().uuidString)").path
        #expect(mkfifo(path, 0o600) == 0)
        defer { unlink(path) }
        #expect(Pauses(file: path, windows: []).reason(at: Self.now) == .file(path))
    }

    @Test(
        "a file whose file system hangs counts as a pause, is waited for no longer than that, and by one thread alone"
    )
    func hanging() async {
        let looks = Mutex(0)
        let end = DispatchSemaphore(value: 0)
        let look = BoundedLook(path: "/far/away", limit: .milliseconds(100)) {
            let number = looks.withLock { looks in
                looks += 1
                return looks
            }
            if number == 1 { end.wait() }
            return SendOrders()
        }
        for _ in 0..<3 {
            guard case .unknownFile("/far/away", _) = await look.orders().pause else {
                Issue.record("it is no reason to pause")
                return
            }
        }
        #expect(looks.withLock { $0 } == 1)
        end.signal()
        // As soon as it answers, all is well again.
        while await look.orders().pause != nil { await Task.yield() }
        #expect(looks.withLock { $0 } >= 2)
    }
}
