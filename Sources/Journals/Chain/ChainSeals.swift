import Support

/// Which heads are signed, and with which keys.
struct ChainSeals {
    private var signed = 0
    private var unsigned = 0
    private var firstUnsigned = ""
    private var firstOf: [AuditPublicKey: String] = [:]

    mutating func note(_ key: AuditPublicKey?, at place: String) {
        guard let key else {
            if unsigned == 0 { firstUnsigned = place }
            unsigned += 1
            return
        }
        signed += 1
        if firstOf[key] == nil { firstOf[key] = place }
    }

    func judge(_ keys: Set<AuditPublicKey>, into report: inout ChainReport) {
        if keys.isEmpty {
            if signed > 0, unsigned > 0 {
                report.find(
                    .incomplete,
                    "\(Figures.counted(unsigned, "head")) of \(Figures.grouped(signed + unsigned)) \(unsigned == 1 ? "isn't" : "aren't") signed,"
                        + " from \(firstUnsigned) on"
                )
            }
            if firstOf.count > 1 {
                report.find(
                    .incomplete,
                    "heads are signed with \(firstOf.count) keys: name those that you trust with --public-key"
                )
            }
            return
        }
        if unsigned > 0 {
            report.find(
                .incomplete,
                "\(Figures.counted(unsigned, "head")) \(unsigned == 1 ? "isn't" : "aren't") signed, from \(firstUnsigned) on"
            )
        }
        for (key, place) in firstOf.sorted(by: { $0.key.hexadecimal < $1.key.hexadecimal }) where !keys.contains(key) {
            report.find(
                .foreign,
                "from \(place) on heads are signed with the key \(key.hexadecimal), which was not named."
                    + " If the key was changed, name both: --public-key can be repeated"
            )
        }
    }
}
