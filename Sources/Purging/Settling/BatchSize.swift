/// How many records one transaction may have, by what the last ones took: a pure value.
///
/// What a transaction takes is a part that every one takes, such as the way to a server far away, and a part that each record
/// adds. Only the second is a reason for smaller ones: it is to take no longer than ``aim``. Both are told apart by
/// transactions of different sizes (a line through the last few, the older ones counting ever less); where all have had
/// the same size and take long, the next one has half of it.
struct BatchSize: Sendable {
    let smallest: Int
    let largest: Int
    let aim: Duration
    private(set) var value: Int

    /// What takes longer has other reasons than its size, such as a server that was away.
    private static let longest = 1.0
    private static let memory = 0.7

    private var weight = 0.0
    private var counts = 0.0
    private var seconds = 0.0
    private var countsSquared = 0.0
    private var products = 0.0

    init(smallest: Int, largest: Int, aim: Duration) {
        self.smallest = min(smallest, largest)
        self.largest = largest
        self.aim = aim
        value = largest
    }

    mutating func note(_ count: Int, took: Duration) {
        let (records, time) = (Double(count), min(took.inSeconds, Self.longest))
        weight = weight * Self.memory + 1
        counts = counts * Self.memory + records
        seconds = seconds * Self.memory + time
        countsSquared = countsSquared * Self.memory + records * records
        products = products * Self.memory + records * time
        let (meanCount, meanTime) = (counts / weight, seconds / weight)
        let variance = countsSquared / weight - meanCount * meanCount
        if variance < meanCount * meanCount / 100 {
            move(to: meanTime > aim.inSeconds ? count / 2 : largest)
        } else {
            let each = (products / weight - meanCount * meanTime) / variance
            move(to: each * Double(largest) > aim.inSeconds ? Int(aim.inSeconds / each) : largest)
        }
    }

    /// By half, or by a quarter more, at a time.
    private mutating func move(to wanted: Int) {
        let next = min(max(wanted, value / 2), value + max(1, value / 4))
        value = min(max(next, smallest), largest)
    }
}
