# What can be done here. The two that a newcomer needs are `make demo` and `make test`.

.PHONY: demo build release install deb deploy-check check test test-newer test-tsan soak mutants format lint bench plans clean

SOURCES = Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources/BareClient Benchmarks/Benchmarks

# Purges a realistic Tokenserver on SQLite against storage nodes on loopback, and checks what came of it.
demo: build
	.build/debug/sync-sandbox demo

build:
	Scripts/system-packages build
	swift build

# The Swift runtime is linked in, so that the program needs only Debian's own libraries.
release:
	Scripts/system-packages build
	swift build -c release --static-swift-stdlib --scratch-path .build-release --product purge-old-records
	swift build -c release --static-swift-stdlib --scratch-path .build-release --product program-manual

# The program with its manual page, completions, units and documents, below PREFIX. DESTDIR is for those who package it.
PREFIX = /usr/local
# Builds nothing, so that root needs no Swift: run `make release` before.
install:
	Scripts/install-files .build-release/release/purge-old-records .build-release/release/program-manual "$(PREFIX)" "$(DESTDIR)"

# A Debian package, in .build-release.
deb: release
	Scripts/system-packages package
	rm -f .build-release/purge-old-records_*.deb
	Scripts/debian-package .build-release/release/purge-old-records .build-release/release/program-manual .build-release

# What is shipped, on the tools that it is made for: manifests, alerts, dashboard, units, completions, the package, the image. Half an
# hour; Scripts/deploy-check names its parts.
deploy-check: build deb
	Scripts/deploy-check .build-release/purge-old-records_*.deb

# Everything that the tests need is installed or started here, on loopback and in temporary folders.
test:
	Scripts/system-packages test
	Scripts/python-peers .build/test-python
	Scripts/unpack .build/unpacked pgbouncer libc-ares2 libevent-2.1-7 galera-4 prometheus nginx
	Scripts/unpack-suite .build/unpacked-mysql sid mysql-server-core
	Scripts/run-tests

# The inner loop: format, folders, and the tests that need no server and no waiting. A minute or two once it is built.
check: lint
	Scripts/folder-graph
	swift test --disable-xctest --skip PageGalleryTests --filter '^(SupportTests|SyncTokensTests|PurgingTests|TelemetryTests|MonitoringTests|SteeringTests|JournalsTests|DatabasesTests)\.'

# The contracts of the stores against newer servers than the system's.
test-newer:
	Scripts/system-packages test
	Scripts/unpack-suite .build/unpacked-mysql sid mysql-server-core
	Scripts/unpack-suite .build/unpacked-newer sid mariadb-server-core mariadb-client-core postgresql-18
	PURGE_TEST_SERVERS=newer Scripts/run-tests --filter 'TokenserverStoreTests\..*Contract'

# The same tests under the thread sanitizer, in a build folder of their own.
test-tsan: export TSAN_OPTIONS = suppressions=$(CURDIR)/Scripts/tsan-suppressions
test-tsan:
	Scripts/system-packages test
	Scripts/python-peers .build/test-python
	Scripts/unpack .build/unpacked pgbouncer libc-ares2 libevent-2.1-7 galera-4 prometheus nginx
	Scripts/unpack-suite .build/unpacked-mysql sid mysql-server-core
	Scripts/run-tests --sanitize=thread --scratch-path .build-tsan

# Many random histories of a Tokenserver with purges in them, in a release build.
soak: HISTORIES = 100000
soak:
	Scripts/soak $(HISTORIES)

# Breaks the program in small ways, one at a time, and tells which test notices. Takes the better part of an hour.
mutants:
	Scripts/system-packages test
	Scripts/mutants

format:
	swift format format --in-place --recursive $(SOURCES)

lint:
	swift format lint --strict --recursive $(SOURCES)

# Speed, CPU time, peak memory and statements of whole runs, in a release build.
bench:
	Benchmarks/run

# The plan of every statement on a large table, in .build-release/query-plans.md.
plans:
	Benchmarks/plans

clean:
	swift package clean
