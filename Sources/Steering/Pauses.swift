import Foundation
package import Purging

/// What an operator asks for while a run goes on, by a file and by windows of time, and what brakes ask for.
package struct Pauses: PauseSource {
    private let file: PauseFile?
    private let look: BoundedLook?
    private let windows: [TimeWindow]
    private let brakes: BrakeWatch?

    /// - Parameters:
    ///   - file: while something exists there, nothing is sent, or less.
    ///   - windows: outside of all of them, nothing is sent; none for always.
    ///   - brakes: what is outside and has to be spared; nil for nothing.
    package init(file: String?, windows: [TimeWindow], brakes: BrakeWatch? = nil) {
        self.file = file.map { PauseFile(path: $0) }
        look = self.file.map { BoundedLook(at: $0) }
        self.windows = windows
        self.brakes = brakes
    }

    package func reason(at now: Timestamp) -> PauseReason? { told(by: file?.orders(), at: now).pause }

    package func orders(at now: Timestamp) async -> SendOrders { told(by: await look?.orders(), at: now) }

    private func told(by file: SendOrders?, at now: Timestamp) -> SendOrders {
        var orders = file ?? SendOrders()
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
