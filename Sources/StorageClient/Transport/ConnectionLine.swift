/// Who waits for a connection to a node, and which connections there are. Pure: it says what to do, and does nothing.
///
/// Whoever comes takes an idle connection, or has one made. Whoever waits takes the first that becomes free, its own or
/// another's; a connection that can't be made fails nobody but the one for whom it was begun, and only if that one still
/// waits. At most `limit` connections exist or are being made.
struct ConnectionLine<Connection: AnyObject, Request: AnyObject> {
    enum Step {
        case give(Connection, to: Request)
        case dial(for: Request)
        case close(Connection)
    }

    let limit: Int
    private var waiting: [Request] = []
    /// For whom connections are being made; some may have got another one meanwhile, or given up.
    private var dialling: [ObjectIdentifier: Request] = [:]
    private var idle: [Connection] = []
    private var busy: Set<ObjectIdentifier> = []

    init(limit: Int) { self.limit = max(limit, 1) }

    /// Whether there is any connection, or will be.
    var isInUse: Bool { count > 0 }
    private var count: Int { idle.count + busy.count + dialling.count }

    /// - Parameter isUsable: whether a request may still be sent over a connection.
    mutating func add(_ request: Request, isUsable: (Connection) -> Bool) -> [Step] {
        waiting.append(request)
        return serve(isUsable)
    }

    /// A connection was closed before anything was written: its request is the first in the line again.
    mutating func untouched(_ connection: Connection, _ request: Request, isUsable: (Connection) -> Bool) -> [Step] {
        waiting.insert(request, at: 0)
        return closed(connection, isUsable: isUsable)
    }

    /// The request has waited long enough. True if it still waits and none is being made for it, which would tell more.
    mutating func removeOverdue(_ request: Request) -> Bool {
        dialling[ObjectIdentifier(request)] == nil && remove(request)
    }

    /// The request gave up, or failed. False if it did not wait.
    @discardableResult
    mutating func remove(_ request: Request) -> Bool {
        guard let place = waiting.firstIndex(where: { $0 === request }) else { return false }
        waiting.remove(at: place)
        return true
    }

    /// A connection is ready that was begun for this request.
    mutating func dialled(_ connection: Connection, for request: Request, isUsable: (Connection) -> Bool) -> [Step] {
        dialling[ObjectIdentifier(request)] = nil
        if isUsable(connection), let place = waiting.firstIndex(where: { $0 === request }) {
            waiting.remove(at: place)
            return [give(connection, request)]
        }
        idle.append(connection)
        return serve(isUsable)
    }

    /// The request for which it was begun may wait for another one.
    mutating func failedToDial(for request: Request, isUsable: (Connection) -> Bool) -> [Step] {
        dialling[ObjectIdentifier(request)] = nil
        return serve(isUsable)
    }

    /// A request is done with a connection that can be used again.
    mutating func released(_ connection: Connection, isUsable: (Connection) -> Bool) -> [Step] {
        guard busy.remove(ObjectIdentifier(connection)) != nil else { return [] }
        idle.append(connection)
        return serve(isUsable)
    }

    mutating func closed(_ connection: Connection, isUsable: (Connection) -> Bool) -> [Step] {
        if busy.remove(ObjectIdentifier(connection)) == nil {
            idle.removeAll { $0 === connection }
        }
        return serve(isUsable)
    }

    /// Gives up the idle connections that can't be used any more.
    mutating func pass(isUsable: (Connection) -> Bool) -> [Step] {
        let unusable = idle.filter { !isUsable($0) }
        idle.removeAll { connection in unusable.contains { $0 === connection } }
        return unusable.map { .close($0) } + serve(isUsable)
    }

    /// Those who waited.
    mutating func removeAll() -> [Request] {
        defer { waiting = [] }
        return waiting
    }

    private mutating func give(_ connection: Connection, _ request: Request) -> Step {
        busy.insert(ObjectIdentifier(connection))
        return .give(connection, to: request)
    }

    private mutating func serve(_ isUsable: (Connection) -> Bool) -> [Step] {
        var steps: [Step] = []
        while let request = waiting.first, let connection = idle.popLast() {
            if isUsable(connection) {
                waiting.removeFirst()
                steps.append(give(connection, request))
            } else {
                steps.append(.close(connection))
            }
        }
        guard count < limit else { return steps }
        for request in waiting where dialling[ObjectIdentifier(request)] == nil && count < limit {
            dialling[ObjectIdentifier(request)] = request
            steps.append(.dial(for: request))
        }
        return steps
    }
}
