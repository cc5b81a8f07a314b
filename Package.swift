// swift-tools-version: 6.2

import PackageDescription

/// Every target of this package: Swift 6 language mode, strict memory of what is imported, no warning tolerated.
let settings: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// Of the modules that are pure: nothing in them reaches past the type system unmarked.
let pure = settings + [.strictMemorySafety()]

let package = Package(
    name: "tokenserver-purge",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "purge-old-records", targets: ["purge-old-records"]),
        .executable(name: "sync-sandbox", targets: ["sync-sandbox"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // The leaf: numbers, times and JSON lines as text, and a serial queue. Knows nothing of purging.
        .target(
            name: "Support",
            dependencies: [.product(name: "Logging", package: "swift-log")],
            swiftSettings: settings
        ),
        // No I/O: tokens, key ids, Hawk headers.
        .target(
            name: "SyncTokens",
            dependencies: [.product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: pure
        ),
        // The core: model, decisions, pacing, settling, run, service. No SQL, HTTP or NIO.
        .target(
            name: "Purging",
            dependencies: [
                "SyncTokens", .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
            ],
            swiftSettings: pure
        ),
        // Every query, once, over a small SQL session protocol.
        .target(name: "TokenserverStore", dependencies: ["Purging", "Support"], swiftSettings: pure),
        .target(
            name: "SQLiteDriver",
            dependencies: ["Support", "TokenserverStore", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: settings
        ),
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
        .target(
            name: "PostgresDriver",
            dependencies: ["Support", "TokenserverStore", "CLibPQ"],
            swiftSettings: settings
        ),
        .systemLibrary(
            name: "CMariaDB",
            pkgConfig: "libmariadb",
            providers: [.apt(["libmariadb-dev"]), .brew(["mariadb-connector-c"])]
        ),
        .target(
            name: "MySQLDriver",
            dependencies: ["Support", "TokenserverStore", "CMariaDB"],
            swiftSettings: settings
        ),
        // From a URL to the driver for it.
        .target(
            name: "Databases",
            dependencies: ["Purging", "Steering", "TokenserverStore", "SQLiteDriver", "PostgresDriver", "MySQLDriver"],
            swiftSettings: settings
        ),
        // When purging is not welcome, or less of it: a file, windows of time, brakes.
        .target(name: "Steering", dependencies: ["Purging"], swiftSettings: settings),
        .target(
            name: "StorageClient",
            dependencies: [
                "Purging", "SyncTokens",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .target(
            name: "Telemetry",
            dependencies: [
                "Purging", "Support",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        // What a run leaves on disk: the audit log, and plans.
        .target(
            name: "Journals",
            dependencies: [
                "Purging", "Support", "Telemetry",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        // What the program tells over HTTP: metrics, a status page, and whether it is alive.
        .target(
            name: "Monitoring",
            dependencies: [
                "Purging", "Support",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "purge-old-records",
            dependencies: [
                "Databases", "Journals", "Monitoring", "Purging", "Steering", "StorageClient", "Support", "SyncTokens",
                "Telemetry", "TokenserverStore", .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        // For trying and testing; no part of it is linked into the program above.
        .target(
            name: "Sandbox",
            dependencies: [
                "Purging", "TokenserverStore", "SQLiteDriver", "SyncTokens",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "sync-sandbox",
            dependencies: [
                "Databases", "Purging", "Sandbox", "SyncTokens", "TokenserverStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        // Makes the manual page when the program is installed; no part of it is linked into the program.
        .executableTarget(name: "program-manual", swiftSettings: settings),
        // What several test targets share: an in-memory store, a clock moved by hand, a database in a temporary folder.
        .target(
            name: "TestSupport",
            dependencies: ["Purging", "SyncTokens"],
            path: "Tests/TestSupport",
            exclude: ["Fixtures"],
            swiftSettings: settings
        ),
        // Private MariaDB and PostgreSQL servers on loopback.
        .target(name: "DatabaseServers", path: "Tests/DatabaseServers", swiftSettings: settings),
        // Tokenserver's database on each of them.
        .target(
            name: "TestDatabases",
            dependencies: ["DatabaseServers", "Databases", "Sandbox", "TokenserverStore"],
            path: "Tests/TestDatabases",
            swiftSettings: settings
        ),
        .testTarget(name: "SupportTests", dependencies: ["Support"], swiftSettings: settings),
        .testTarget(
            name: "SyncTokensTests",
            dependencies: ["SyncTokens", "TestSupport"],
            resources: [.copy("Fixtures")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PurgingTests",
            dependencies: [
                "Purging", "SyncTokens", "TestSupport", .product(name: "HeapModule", package: "swift-collections"),
            ],
            exclude: ["Histories/README.md"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TokenserverStoreTests",
            dependencies: [
                "DatabaseServers", "Databases", "Purging", "SQLiteDriver", "Sandbox", "SyncTokens", "TestDatabases",
                "TestSupport", "TokenserverStore",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "DatabasesTests",
            dependencies: ["Databases", "SQLiteDriver", "TokenserverStore"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MySQLDriverTests",
            dependencies: ["DatabaseServers", "MySQLDriver", "TokenserverStore"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "PostgresDriverTests",
            dependencies: ["DatabaseServers", "PostgresDriver", "TokenserverStore"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "StorageClientTests",
            dependencies: [
                "Purging", "StorageClient", "SyncTokens", "Sandbox",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "TelemetryTests",
            dependencies: [
                "Purging", "Support", "Telemetry",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "MonitoringTests",
            dependencies: [
                "Monitoring", "Purging", "Support", "TestSupport", .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SteeringTests",
            dependencies: ["Purging", "Steering", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "JournalsTests",
            dependencies: ["Journals", "Purging", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: settings
        ),
        .testTarget(
            name: "SandboxTests",
            dependencies: [
                "Sandbox", "SyncTokens",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        // The program as its users run it: a process, its arguments, its output, its exit code.
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "DatabaseServers", "Databases", "Purging", "SQLiteDriver", "Sandbox", "SyncTokens", "TestDatabases",
                "TestSupport", "TokenserverStore",
                "program-manual", "purge-old-records", "sync-sandbox",
            ],
            resources: [.copy("Fixtures")],
            swiftSettings: settings
        ),
    ]
)

// The inner loop: `PURGE_TARGETS=PurgingTests swift test --scratch-path .build-core` builds these targets and what they
// need, and nothing else.
if let wanted = Context.environment["PURGE_TARGETS"] {
    let targets = Dictionary(uniqueKeysWithValues: package.targets.map { ($0.name, $0) })
    var needed: Set<String> = []
    var waiting = wanted.split(separator: ",").map(String.init)
    while let name = waiting.popLast() {
        guard let target = targets[name], needed.insert(name).inserted else { continue }
        waiting += target.dependencies.compactMap { dependency in
            switch dependency {
            case .targetItem(let name, _), .byNameItem(let name, _): name
            default: nil
            }
        }
    }
    package.targets = package.targets.filter { needed.contains($0.name) }
    package.products = package.products.filter { needed.contains($0.name) }
}
