/// What a value means to the collector, spelled as in the protocol.
enum StatsdKind: String, Hashable {
    case counter = "c"
    case gauge = "g"
    case timing = "ms"
    case histogram = "h"
}
