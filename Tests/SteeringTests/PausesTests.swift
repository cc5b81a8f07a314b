import Foundation
import Purging
import Steering
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
}
