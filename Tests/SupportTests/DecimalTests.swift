import Support
import Testing

@Suite("Decimal fractions")
struct DecimalTests {
    @Test(
        "are as short as possible, never in scientific notation",
        arguments: [
            (0, "0"), (1000, "1"), (1500, "1.5"), (1235, "1.235"), (1, "0.001"), (10, "0.01"), (-1500, "-1.5"),
            (60_000_000, "60000"),
        ]
    )
    func thousandths(number: Int, text: String) {
        #expect(Figures.decimal(thousandths: number) == text)
    }

    @Test("have six digits where they are shares")
    func millionths() {
        #expect(Figures.decimal(millionths: 333_333) == "0.333333")
        #expect(Figures.decimal(millionths: 1) == "0.000001")
        #expect(Figures.decimal(millionths: .min) == "-9223372036854.775808")
    }
}
