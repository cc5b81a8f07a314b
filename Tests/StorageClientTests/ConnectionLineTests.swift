import Purging
import Testing

@testable import StorageClient

@Suite("The line for connections")
struct ConnectionLineTests {
    private final class Thing {
        let name: String
        var isUsable = true

        init(_ name: String) { self.name = name }
    }

    private typealias Line = ConnectionLine<Thing, Thing>

    private static func texts(_ steps: [Line.Step]) -> [String] {
        steps.map { step in
            switch step {
            case .give(let connection, let request): "\(connection.name) to \(request.name)"
            case .dial(let request): "dial for \(request.name)"
            case .close(let connection): "close \(connection.name)"
            }
        }
    }

    @Test("gives each request a connection of its own, and never makes more than the limit")
    func limit() {
        var line = Line(limit: 2)
        let requests = (1...3).map { Thing("r\($0)") }
        let steps = requests.flatMap { line.add($0, isUsable: \.isUsable) }
        #expect(Self.texts(steps) == ["dial for r1", "dial for r2"])
        let first = Thing("c1")
        #expect(Self.texts(line.dialled(first, for: requests[0], isUsable: \.isUsable)) == ["c1 to r1"])
        // The first that is free serves whoever has waited longest, whoever it was begun for.
        #expect(Self.texts(line.released(first, isUsable: \.isUsable)) == ["c1 to r2"])
        // The one whose connection was begun for another waits for that one.
        #expect(Self.texts(line.dialled(Thing("c2"), for: requests[1], isUsable: \.isUsable)) == ["c2 to r3"])
    }

    @Test("begins another connection for the next in line when one fails, and fails nobody else")
    func failure() {
        var line = Line(limit: 1)
        let (first, second) = (Thing("r1"), Thing("r2"))
        _ = line.add(first, isUsable: \.isUsable)
        _ = line.add(second, isUsable: \.isUsable)
        let hadWaited = line.remove(first)
        #expect(hadWaited)
        #expect(Self.texts(line.failedToDial(for: first, isUsable: \.isUsable)) == ["dial for r2"])
        let isUnknown = line.remove(first)
        #expect(!isUnknown)
    }

    @Test("closes what can't be used any more, and begins anew")
    func unusable() {
        var line = Line(limit: 1)
        let (first, second, connection) = (Thing("r1"), Thing("r2"), Thing("c1"))
        _ = line.add(first, isUsable: \.isUsable)
        _ = line.dialled(connection, for: first, isUsable: \.isUsable)
        connection.isUsable = false
        #expect(Self.texts(line.released(connection, isUsable: \.isUsable)).isEmpty)
        #expect(Self.texts(line.add(second, isUsable: \.isUsable)) == ["close c1", "dial for r2"])
        #expect(Self.texts(line.closed(connection, isUsable: \.isUsable)).isEmpty)
    }

    @Test("puts a request whose connection was closed before it first in line")
    func untouched() {
        var line = Line(limit: 1)
        let (first, second, connection) = (Thing("r1"), Thing("r2"), Thing("c1"))
        _ = line.add(first, isUsable: \.isUsable)
        _ = line.dialled(connection, for: first, isUsable: \.isUsable)
        _ = line.add(second, isUsable: \.isUsable)
        #expect(Self.texts(line.untouched(connection, first, isUsable: \.isUsable)) == ["dial for r1"])
    }

    @Test("lets one whose connection is being made wait for what comes of that")
    func overdue() {
        var line = Line(limit: 1)
        let (first, second) = (Thing("r1"), Thing("r2"))
        _ = line.add(first, isUsable: \.isUsable)
        _ = line.add(second, isUsable: \.isUsable)
        let (isFirstOverdue, isSecondOverdue) = (line.removeOverdue(first), line.removeOverdue(second))
        #expect(!isFirstOverdue && isSecondOverdue)
    }

    @Test("never has more connections than the limit, and forgets nobody", arguments: [UInt64.random(in: 0...999_999)])
    func random(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let limit = Int.random(in: 1...5, using: &generator)
        var line = Line(limit: limit)
        var (waiting, dialling, busy, idle): ([Thing], [Thing], [(Thing, Thing)], [Thing]) = ([], [], [], [])
        func follow(_ steps: [Line.Step]) {
            for step in steps {
                switch step {
                case .give(let connection, let request):
                    #expect(waiting.contains { $0 === request } && connection.isUsable)
                    waiting.removeAll { $0 === request }
                    idle.removeAll { $0 === connection }
                    busy.append((connection, request))
                case .dial(let request): dialling.append(request)
                case .close(let connection): idle.removeAll { $0 === connection }
                }
            }
            #expect(busy.count + dialling.count + idle.count <= limit)
            #expect(waiting.isEmpty || busy.count + dialling.count + idle.count == limit || !dialling.isEmpty)
        }
        for number in 0..<2000 {
            switch Int.random(in: 0..<6, using: &generator) {
            case 0, 1:
                waiting.append(Thing("r\(number)"))
                if let new = waiting.last { follow(line.add(new, isUsable: \.isUsable)) }
            case 2:
                guard let request = dialling.popLast() else { continue }
                let connection = Thing("c\(number)")
                idle.append(connection)
                follow(line.dialled(connection, for: request, isUsable: \.isUsable))
            case 3:
                guard let request = dialling.popLast() else { continue }
                line.remove(request)
                waiting.removeAll { $0 === request }
                follow(line.failedToDial(for: request, isUsable: \.isUsable))
            case 4:
                guard let (connection, _) = busy.popLast() else { continue }
                connection.isUsable = Bool.random(using: &generator)
                idle.append(connection)
                follow(line.released(connection, isUsable: \.isUsable))
            default:
                guard let (connection, request) = busy.popLast() else { continue }
                if Bool.random(using: &generator) {
                    waiting.insert(request, at: 0)
                    follow(line.untouched(connection, request, isUsable: \.isUsable))
                } else {
                    follow(line.closed(connection, isUsable: \.isUsable))
                }
            }
        }
    }
}
