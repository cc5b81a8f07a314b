package import Purging
import Synchronization

/// Keeps what happened in a run, in order.
package final class RecordingObserver: RunObserver {
    private let recorded = Mutex<[RunEvent]>([])

    package init() {}

    package func observe(_ event: RunEvent) { recorded.withLock { $0.append(event) } }

    package var events: [RunEvent] { recorded.withLock { $0 } }

    /// The events for which `pick` returns something.
    package func compact<Picked>(_ pick: (RunEvent) -> Picked?) -> [Picked] { events.compactMap(pick) }

    package var deleted: [UID] { compact { if case .recordDeleted(let uid, _, _) = $0 { uid } else { nil } } }
    package var held: [UID] { compact { if case .recordHeld(let uid, _, _, _) = $0 { uid } else { nil } } }
    package var failed: [UID] { compact { if case .recordFailed(let uid, _, _) = $0 { uid } else { nil } } }
    package var changed: [UID] { compact { if case .recordChanged(let uid) = $0 { uid } else { nil } } }
    package var confirmed: [UID] { compact { if case .dataDeleted(let uid, _, _, _) = $0 { uid } else { nil } } }
}
