/// Reads the numbers of the command line. A wrong one is told by its option only, never repeated.
enum Number {
    static func whole<Value: FixedWidthInteger>(
        _ option: String,
        _ text: String,
        in range: ClosedRange<Value> = .min ... .max
    ) throws(UsageError) -> Value {
        guard let value = Value(text) else {
            throw UsageError(problem: "the value of \(option) is not a whole number", remedy: remedy(range))
        }
        guard range.contains(value) else {
            throw UsageError(problem: "\(option) \(value) is out of range", remedy: remedy(range))
        }
        return value
    }

    private static func remedy<Value: FixedWidthInteger>(_ range: ClosedRange<Value>) -> String {
        switch (range.lowerBound, range.upperBound) {
        case (.min, .max): "give a whole number"
        case (let lower, .max): "give a whole number from \(lower) on"
        case (.min, let upper): "give a whole number up to \(upper)"
        case (let lower, let upper): "give a whole number from \(lower) to \(upper)"
        }
    }
}
