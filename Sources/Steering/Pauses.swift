import Foundation
package import Purging

/// What an operator asks for while a run goes on, by a file and by windows of time, and what brakes ask for.
package struct Pauses: PauseSource {
    private let file: PauseFile?
    private let windows: [TimeWindow]
    private let brakes: BrakeWatch?

    /// - Parameters:
    ///   - file: while something exists there, nothing is sent, or less.
    ///   - windows: outside of all of them, nothing is sent; none for always.
    ///   - brakes: what is outside and has to be spared; nil for nothing.
    package init(file: String?, windows: [TimeWindow], brakes: BrakeWatch? = nil) {
        self.file = file.map { PauseFile(path: $0) }
        self.windows = windows
        self.brakes = brakes
    }

    package func reason(at now: Timestamp) -> PauseReason? { told(at: now).pause }

    /// A file may be far away, so it is looked at beside the caller's event loop.
    package func orders(at now: Timestamp) async -> SendOrders {
        await withTaskExecutorPreference(globalConcurrentExecutor) { told(at: now) }
    }

    private func told(at now: Timestamp) -> SendOrders {
        var orders = file?.orders() ?? SendOrders()
        orders.pause = orders.pause ?? outsideWindows(now)
        if let brakes {
            orders.pause = orders.pause ?? brakes.reason
            orders.emergency = brakes.emergency
        }
        return orders
    }

    private func outsideWindows(_ now: Timestamp) -> PauseReason? {
        let date = Date(timeIntervalSince1970: Double(now.rawValue) / 1000)
        if windows.isEmpty || windows.contains(where: { $0.contains(date) }) { return nil }
        let opening = windows.compactMap { $0.opening(after: date) }.min()
        return .outsideWindows(opensAt: opening.map { $0.formatted(.iso8601) })
    }
}
