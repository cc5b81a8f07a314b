import Foundation
import Testing

/// The files that the tests bring along.
enum Fixture {
    static func url(_ name: String) throws -> URL {
        try #require(
            Bundle.module.url(forResource: name, withExtension: nil, subdirectory: "Fixtures"),
            "the fixture \(name) is missing"
        )
    }
}
