package import Purging

/// Tells several observers everything, in their order.
package struct ObserverGroup: RunObserver {
    private let observers: [any RunObserver]

    package init(_ observers: [any RunObserver]) { self.observers = observers }

    package func observe(_ event: RunEvent) {
        for observer in observers {
            observer.observe(event)
        }
    }
}
