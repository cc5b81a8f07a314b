import NIOCore

/// What a connection waits for until a moment that changes with each request: an answer, the rest of one, the next request.
///
/// Setting it costs no timer but the first: a timer that fires too early is set anew for what is due by then. Used on one
/// event loop only.
final class ConnectionAlarm {
    /// Called when the moment has come, once.
    var ring: () -> Void = {}

    private let loop: any EventLoop
    private var due: NIODeadline?
    private var timer: (Scheduled<Void>, at: NIODeadline)?
    private var isStopped = false

    init(_ loop: any EventLoop) { self.loop = loop }

    /// In place of the moment that was set before.
    func set(_ moment: NIODeadline) {
        if isStopped { return }
        due = moment
        if let timer, timer.at <= moment { return }
        timer?.0.cancel()
        start(moment)
    }

    /// Nothing is waited for.
    func clear() { due = nil }

    /// For good.
    func stop() {
        isStopped = true
        due = nil
        timer?.0.cancel()
        timer = nil
    }

    private func start(_ moment: NIODeadline) {
        timer = (loop.assumeIsolated().scheduleTask(deadline: moment) { self.fired() }, moment)
    }

    private func fired() {
        timer = nil
        guard let due else { return }
        if due > .now() { return start(due) }
        self.due = nil
        ring()
    }
}
