package import Purging
package import Support

extension WallTime {
    package init(_ moment: Timestamp) { self.init(sinceEpoch: .milliseconds(moment.rawValue)) }
}
