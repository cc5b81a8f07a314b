/// A JSON object under construction, byte for byte as Python's `json.dumps` writes it with its default settings.
///
/// That is `", "` and `": "` between things, `\uXXXX` for all that isn't printable ASCII (as surrogate pairs where
/// need be), and floats as `repr` prints them. Infinities and NaN come out as `Infinity` and `NaN`, as in Python,
/// although that isn't JSON.
struct PythonJSONObject {
    private var bytes: [UInt8] = [UInt8(ascii: "{")]

    /// An empty object, with room for `capacity` bytes before it has to grow.
    init(capacity: Int) {
        bytes.reserveCapacity(capacity)
    }

    mutating func append(_ name: String, _ value: Int64) {
        append(name: name)
        bytes.append(contentsOf: String(value).utf8)
    }

    mutating func append(_ name: String, _ value: String) {
        append(name: name)
        append(string: value)
    }

    mutating func append(_ name: String, _ value: Double) {
        append(name: name)
        bytes.append(contentsOf: Self.representation(of: value).utf8)
    }

    /// The bytes of the object, closed.
    consuming func finish() -> [UInt8] {
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    private mutating func append(name: String) {
        if bytes.count > 1 { bytes.append(contentsOf: ", ".utf8) }
        append(string: name)
        bytes.append(contentsOf: ": ".utf8)
    }

    private mutating func append(string: String) {
        bytes.append(UInt8(ascii: "\""))
        for unit in string.utf16 {
            switch unit {
            case 0x22: bytes.append(contentsOf: "\\\"".utf8)
            case 0x5c: bytes.append(contentsOf: "\\\\".utf8)
            case 0x20...0x7e: bytes.append(UInt8(truncatingIfNeeded: unit))
            case 0x0a: bytes.append(contentsOf: "\\n".utf8)
            case 0x0d: bytes.append(contentsOf: "\\r".utf8)
            case 0x09: bytes.append(contentsOf: "\\t".utf8)
            case 0x0c: bytes.append(contentsOf: "\\f".utf8)
            case 0x08: bytes.append(contentsOf: "\\b".utf8)
            default: append(escape: unit)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func append(escape unit: UInt16) {
        bytes.append(contentsOf: "\\u".utf8)
        for shift: UInt16 in [12, 8, 4, 0] {
            let value = UInt8(truncatingIfNeeded: unit >> shift & 0xf)
            bytes.append(value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10)
        }
    }

    /// Both languages print the shortest digits that read back the same. They differ in the names of what isn't
    /// finite, and between 2⁵³ and 10¹⁶, where Swift turns to exponents before Python does.
    private static func representation(of value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Infinity" : "Infinity" }
        if value.magnitude >= 0x1p53, value.magnitude < 1e16 { return "\(Int64(value)).0" }
        return value.description
    }
}
