package import Foundation
package import Testing

/// A real browser without a window, which looks at a page and tells what is there. Its pictures go to `.build/screenshots`, for
/// people to look at.
package enum PageBrowser {
    /// What one look saw.
    package struct Look: Decodable, Sendable {
        package let look: String
        package let title: String
        package let text: String
        /// Pixels that are wider than the window.
        package let overflow: Int
        /// The background's, from 0 to 765.
        package let brightness: Int
        package let smallestText: Double
        package let plots: Int
        /// Texts and lines whose contrast is less than WCAG's level AA asks for.
        package let faint: [String]
        /// Texts that lie over one another, or outside of the window.
        package let clashes: [String]
        /// What a screen reader is told.
        package let outline: String
        package let nameless: [String]
        package let headings: [Int]
        package let requests: [String]
        package let complaints: [String]
        /// Where the tabulator key leads; nil where nothing was pressed.
        package let stops: [String]?
        /// Of these, where nobody sees that it led there.
        package let unseenFocus: [String]?
        /// Folds that were opened and didn't stay so.
        package let closedFolds: Int?
        /// What the button says after it was pressed.
        package let button: String?
    }

    /// Looks, and checks what must hold of every page of ours.
    ///
    /// - Parameter looks: `WIDTH-light`, `WIDTH-dark`, `WIDTH-scriptless`, or `print`. In the first one its keys are tried.
    package static func look(
        at url: URL,
        _ name: String,
        _ looks: [String] = all,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [Look] {
        let folder = Repository.url(".build/screenshots")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let output = try Tool.run(
            Tool.python(),
            [
                Repository.url("Tests/TestSupport/Fixtures/look.py").path, "/usr/bin/chromium", url.absoluteString,
                folder.path, name,
            ] + looks
        )
        try #require(output.code == 0, "\(output.text)", sourceLocation: sourceLocation)
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let seen = try output.text.split(separator: "\n").filter { $0.hasPrefix("{") }.map {
            try decoder.decode(Look.self, from: Data($0.utf8))
        }
        try #require(seen.map(\.look) == looks, sourceLocation: sourceLocation)
        for look in seen { check(look, name, at: url, sourceLocation) }
        return seen
    }

    package static let all = ["1280-light", "1280-dark", "390-light", "390-dark", "390-scriptless", "print"]

    private static func check(_ look: Look, _ name: String, at url: URL, _ place: SourceLocation) {
        func expect(_ holds: Bool, _ what: String) {
            #expect(holds, "\(name), \(look.look): \(what)", sourceLocation: place)
        }
        expect(look.overflow <= 0, "\(look.overflow) pixels too wide")
        expect(look.plots == 3, "\(look.plots) plots")
        expect(look.faint.isEmpty, "too faint: \(look.faint)")
        expect(look.clashes.isEmpty, "\(look.clashes)")
        expect(look.nameless.isEmpty, "without a name: \(look.nameless)")
        expect(look.headings.first == 1 && look.headings.dropFirst().allSatisfy { $0 == 2 }, "\(look.headings)")
        expect(look.complaints.isEmpty, "\(look.complaints)")
        expect(look.requests.allSatisfy { $0 == url.absoluteString }, "\(look.requests)")
        expect(look.smallestText >= 11.5, "a text of \(look.smallestText) pixels")
        expect(look.look.hasSuffix("dark") ? look.brightness < 150 : look.brightness > 650, "\(look.brightness)")
        if let stops = look.stops {
            expect(look.requests.count >= 2, "it does not renew itself")
            expect(stops == ["Stop updating", "Metrics", "JSON"], "\(stops)")
            expect(look.unseenFocus == [], "no focus to see: \(look.unseenFocus ?? [])")
            expect(look.closedFolds == 0, "\(look.closedFolds ?? 0) folds don't stay open")
            expect(look.button == "Go on updating", "\(look.button ?? "")")
        }
        if look.look == "print" || look.look.hasSuffix("scriptless") {
            expect(!look.text.contains("Stop updating"), "a button that does nothing")
        }
    }
}
