import Logging
import Telemetry
import Testing

struct JSONLogLineTests {
    private struct Trouble: Error, CustomStringConvertible {
        let description = "the node \"a\" is gone"
    }

    private let sink = CapturingSink()

    private func logger(level: Logger.Level = .trace, provider: Logger.MetadataProvider? = nil) -> Logger {
        let output = LogOutput.fixed(sink)
        return Logger(label: "test") { _ in
            LineLogHandler(.json, output: output, level: level, metadataProvider: provider)
        }
    }

    private static let start = #""timestamp":"2026-01-02T03:04:05.678901Z""#

    @Test("A line is one JSON object: severity, message, timestamp, then the metadata sorted by key")
    func layout() {
        logger().info("run finished", metadata: ["uid": "7", "node": "https://a.example", "attempt": "2"])
        #expect(
            sink.writes == [
                #"{"severity":"INFO","message":"run finished",\#(Self.start),"#
                    + #""attempt":"2","node":"https://a.example","uid":"7"}"# + "\n"
            ]
        )
    }

    @Test(
        "Levels carry the names that Google Cloud knows",
        arguments: [
            (Logger.Level.trace, "DEBUG"), (.debug, "DEBUG"), (.info, "INFO"), (.notice, "NOTICE"),
            (.warning, "WARNING"), (.error, "ERROR"), (.critical, "CRITICAL"),
        ]
    )
    func severities(level: Logger.Level, name: String) {
        logger().log(level: level, "x")
        #expect(sink.writes == [#"{"severity":"\#(name)","message":"x",\#(Self.start)}"# + "\n"])
    }

    @Test("Nothing below the level is written")
    func level() {
        logger(level: .warning).info("x")
        #expect(sink.writes.isEmpty)
    }

    @Test("Numbers and Booleans stay what they are; everything else is a string")
    func types() {
        logger().info(
            "x",
            metadata: [
                "a": .stringConvertible(42), "b": .stringConvertible(Int64.min), "c": .stringConvertible(1.5),
                "d": .stringConvertible(true), "e": .stringConvertible(Double.nan), "f": .stringConvertible(UInt8(3)),
                "g": "42", "h": .stringConvertible(Duration.seconds(2)), "i": .stringConvertible(-Double.infinity),
            ]
        )
        #expect(
            sink.writes == [
                #"{"severity":"INFO","message":"x",\#(Self.start),"a":42,"b":-9223372036854775808,"c":1.5,"d":true,"#
                    + #""e":"nan","f":"3","g":"42","h":"2.0 seconds","i":"-inf"}"# + "\n"
            ]
        )
    }

    @Test("Dictionaries and arrays become objects with sorted keys and arrays")
    func nesting() {
        logger().info(
            "x",
            metadata: ["a": ["z": [.stringConvertible(1), "two", [:]], "b": "c"], "empty": .array([])]
        )
        #expect(
            sink.writes == [
                #"{"severity":"INFO","message":"x",\#(Self.start),"a":{"b":"c","z":[1,"two",{}]},"empty":[]}"# + "\n"
            ]
        )
    }

    @Test("Quotes, backslashes, control characters and line separators are escaped; other characters are not")
    func escaping() {
        logger().info("\"\\\n\r\t\u{0}\u{1B}\u{7F}\u{85}\u{2028}\u{2029}\u{202E} ü 日本 👩‍💻 \u{10FFFF}/")
        #expect(
            sink.writes == [
                #"{"severity":"INFO","message":"\"\\\n\r\t\u0000\u001b\u007f\u0085\u2028\u2029\u202e ü 日本 👩‍💻 "#
                    + "\u{10FFFF}" + #"/",\#(Self.start)}"# + "\n"
            ]
        )
    }

    @Test("A carriage return and newline that form one character are escaped one by one")
    func carriageReturnNewline() {
        logger().info("a\r\nb", metadata: ["k\n": "v"])
        #expect(
            sink.writes == [#"{"severity":"INFO","message":"a\r\nb",\#(Self.start),"k\n":"v"}"# + "\n"]
        )
    }

    @Test("Metadata cannot overwrite severity, message or timestamp")
    func reservedKeys() {
        logger().info("x", metadata: ["message": "1", "severity": "2", "timestamp": "3", "n": "4"])
        #expect(
            sink.writes == [
                #"{"severity":"INFO","message":"x",\#(Self.start),"#
                    + #""message_":"1","n":"4","severity_":"2","timestamp_":"3"}"# + "\n"
            ]
        )
    }

    @Test("A renamed key does not meet one that already has the underscore")
    func renamedKeyIsUnique() {
        logger().info("x", metadata: ["message": "1", "message_": "2"])
        #expect(
            sink.writes == [
                #"{"severity":"INFO","message":"x",\#(Self.start),"message_":"2","message__":"1"}"# + "\n"
            ]
        )
    }

    @Test("The call's metadata beats the provider's, which beats the logger's")
    func precedence() {
        var logger = logger(provider: Logger.MetadataProvider { ["a": "provider", "b": "provider"] })
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "b"] = "logger"
        logger[metadataKey: "c"] = "logger"
        logger.info("x", metadata: ["a": "call"])
        #expect(logger[metadataKey: "c"] == "logger")
        #expect(
            sink.writes == [
                #"{"severity":"INFO","message":"x",\#(Self.start),"a":"call","b":"provider","c":"logger"}"# + "\n"
            ]
        )
    }

    @Test("An error given with the call becomes a field, unless the metadata has one of that name")
    func errors() {
        logger().warning("x", error: Trouble())
        logger().warning("x", error: Trouble(), metadata: ["error": "mine"])
        #expect(
            sink.writes == [
                #"{"severity":"WARNING","message":"x",\#(Self.start),"error":"the node \"a\" is gone"}"# + "\n",
                #"{"severity":"WARNING","message":"x",\#(Self.start),"error":"mine"}"# + "\n",
            ]
        )
    }
}
