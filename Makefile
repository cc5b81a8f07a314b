# What can be done here. The two that a newcomer needs are `make demo` and `make test`.

.PHONY: demo build test test-tsan format lint bench clean

SOURCES = Package.swift Sources Tests Benchmarks/Package.swift Benchmarks/Sources/BareClient Benchmarks/Benchmarks

# Purges a realistic Tokenserver on SQLite against storage nodes on loopback, and checks what came of it.
demo: build
	.build/debug/sync-sandbox demo

build:
	Scripts/system-packages build
	swift build

# Everything that the tests need is installed or started here, on loopback and in temporary folders.
test:
	Scripts/system-packages test
	Scripts/python-peers .build/test-python
	Scripts/unpack .build/unpacked pgbouncer libc-ares2 libevent-2.1-7 galera-4 prometheus
	Scripts/run-tests

# The same tests under the thread sanitizer, in a build folder of their own.
test-tsan: export TSAN_OPTIONS = suppressions=$(CURDIR)/Scripts/tsan-suppressions
test-tsan:
	Scripts/system-packages test
	Scripts/python-peers .build/test-python
	Scripts/unpack .build/unpacked pgbouncer libc-ares2 libevent-2.1-7 galera-4 prometheus
	Scripts/run-tests --sanitize=thread --scratch-path .build-tsan

format:
	swift format format --in-place --recursive $(SOURCES)

lint:
	swift format lint --strict --recursive $(SOURCES)

# Speed, CPU time, peak memory and statements of whole runs, in a release build.
bench:
	Benchmarks/run

clean:
	swift package clean
