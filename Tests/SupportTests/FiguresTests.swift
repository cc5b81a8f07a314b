import Support
import Testing

@Suite("Figures")
struct FiguresTests {
    @Test("numbers and durations read well")
    func figures() {
        #expect(Figures.grouped(1_234_567) == "1,234,567")
        #expect(Figures.grouped(-1000) == "-1,000")
        #expect(Figures.grouped(Int.min) == "-9,223,372,036,854,775,808")
        let durations: [(Duration, String)] = [
            (.zero, "0 ms"), (.milliseconds(999), "999 ms"), (.milliseconds(1500), "1.5 s"), (.seconds(60), "1 min"),
            (.seconds(3661), "1 h 1 min"), (.seconds(86_400 * 40 + 3600), "40 d 1 h"), (.seconds(-90), "-1 min 30 s"),
        ]
        for (duration, text) in durations { #expect(Figures.duration(duration) == text) }
        #expect(Figures.short(1_500_000) == "1.5 M" && Figures.short(2000) == "2 k" && Figures.short(7) == "7")
        #expect(Figures.rate(3.14159) == "3.1" && Figures.rate(1234.5) == "1,235" && Figures.rate(0) == "0")
    }

    @Test(
        "A span is told in the units that matter",
        arguments: [
            (Duration.zero, "0 s"), (.milliseconds(200), "1 s"), (.seconds(45), "45 s"), (.seconds(59.5), "1 min"),
            (.seconds(3599), "59 min"), (.seconds(3600), "1 h"), (.seconds(11_520), "3 h 12 min"),
            (.seconds(86_400), "1 d"), (.seconds(100_000), "1 d 3 h"), (.seconds(-3), "0 s"),
        ]
    )
    func spans(duration: Duration, text: String) {
        #expect(Figures.timeLeft(duration) == text)
    }

    @Test(
        "Thousands are set apart",
        arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567"), (100_000, "100,000")]
    )
    func grouping(number: Int, text: String) {
        #expect(Figures.grouped(number) == text)
    }

    @Test(
        "A count agrees with its noun",
        arguments: [(0, "0 records"), (1, "1 record"), (2, "2 records"), (1_001, "1,001 records"), (-1, "-1 records")]
    )
    func counts(number: Int, text: String) { #expect(Figures.counted(number, "record") == text) }

    @Test("An irregular plural is told as it is given")
    func plural() {
        #expect(Figures.counted(1, "entry", plural: "entries") == "1 entry")
        #expect(Figures.counted(3, "entry", plural: "entries") == "3 entries")
    }
}
