# hallkiosk. `make run` shows it, `make test` proves it.
export CGO_ENABLED := 1
VERSION := $(shell git describe --always --dirty 2>/dev/null || echo devel)
LDFLAGS := -X main.version=$(VERSION)
NPM := printer/crosscheck/node_modules/.package-lock.json

.PHONY: run build test crosscheck check bench bench-center soak fuzz fonts pinyin screens picture clean

# The whole hall on this machine: devices, center, touchscreen.
run:
	@.ci/deps run
	@$(MAKE) --no-print-directory build
	@exec bin/hallsim up -data var

build:
	@.ci/deps build
	@mkdir -p bin
	go build -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

test:
	@.ci/deps test
	@$(MAKE) --no-print-directory check
	go test -race -timeout 30m ./...
	go test -run 'Taps|EveryScreen' ./display ./display/screen # whole: the race detector sees a part

# Our tickets and our virtual printer against other people's software, which is
# only for checking: nothing of it is built in.
crosscheck: $(NPM)
	@.ci/deps crosscheck
	KIOSK_CROSSCHECK=1 go test -count=1 -v -timeout 15m ./printer/crosscheck

$(NPM): printer/crosscheck/package-lock.json
	@.ci/deps crosscheck
	cd printer/crosscheck && npm ci
	@touch $@

# gofmt, vet, staticcheck and the directions of imports.
check:
	@bad=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$bad" ] || { echo "not gofmt-ed: $$bad"; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go test ./cmd -run TestImports

# Figures, each with the floor it is held against. Prints to the terminal.
bench: $(NPM)
	@.ci/deps test crosscheck bench
	go test -run '^$$' -bench Taps -benchtime 1x ./display
	go test -run '^$$' -bench . -benchtime 1x -timeout 60m ./cmd/kiosk
	go test -run '^$$' -bench . -benchtime 1x -v ./kiosk/catalog
	KIOSK_CROSSCHECK=1 go test -run '^$$' -bench . -benchtime 1x -timeout 30m ./printer/crosscheck

# The center's figures, on SQLite and on PostgreSQL, with KIOSK_BENCH_10M=1 also
# behind ten million tickets; and a week of a hall with 7,000 visitors a day.
bench-center:
	@.ci/deps test
	go test -run '^$$' -bench BenchmarkCenter -benchtime 1x -timeout 60m ./kiosk/center/pgstore
	KIOSK_WEEK_VISITORS=7000 go test -count=1 -v -timeout 60m -run Week ./cmd/center/fire

# What takes longer than a test may.
soak:
	@.ci/deps test
	KIOSK_SOAK=1 go test -race -timeout 60m -run 'Kill' ./cmd/kiosk
	KIOSK_SOAK=1 go test -v -timeout 5h -run 'Monkey' ./cmd/kiosk
	KIOSK_SOAK=1 go test -timeout 60m -run 'EveryFault' ./printer
	KIOSK_SOAK=1 go test -timeout 60m -run 'KilledAtEveryEntry' ./kiosk/desk
	KIOSK_SOAK=1 go test -timeout 60m -run "PowerCut|EveryStep" ./kiosk/sqlite
	KIOSK_SOAK=1 go test -timeout 60m -run SlowCrowd ./kiosk/center
	KIOSK_SOAK=1 go test -timeout 60m -run EveryScreen ./display/screen
	KIOSK_FIRE_SECONDS=300 go test -timeout 60m -run Fire ./cmd/center/fire

# Every screen in every language, mode and layout on one page: bin/screens/index.html.
screens:
	@.ci/deps build
	@rm -rf bin/screens
	KIOSK_SCREENS=$(CURDIR)/bin/screens go test -count=1 -timeout 60m -v -run TestSheet ./display/screen
	@echo "open bin/screens/index.html"

# README's picture, of the screens as they are.
picture:
	KIOSK_README=1 go test -count=1 -run TestReadmePicture ./display/screen

fuzz:
	go test -run '^$$' -fuzz FuzzSorter -fuzztime 1m ./printer/escpos
	go test -run '^$$' -fuzz FuzzLayout -fuzztime 1m -fuzzminimizetime 20x ./printer
	go test -run '^$$' -fuzz FuzzKiosk -fuzztime 1m -fuzzminimizetime 20x ./configs
	go test -run '^$$' -fuzz FuzzCalendar -fuzztime 1m -fuzzminimizetime 20x ./configs
	go test -run '^$$' -fuzz FuzzHours -fuzztime 1m ./kiosk
	go test -run '^$$' -fuzz FuzzFind -fuzztime 1m -fuzzminimizetime 20x ./kiosk/catalog
	go test -run '^$$' -fuzz FuzzFrame -fuzztime 1m ./kiosk/idcard
	go test -run '^$$' -fuzz FuzzCard -fuzztime 1m ./kiosk/idcard
	go test -run '^$$' -fuzz FuzzScanner -fuzztime 1m ./kiosk/scanner
	go test -run '^$$' -fuzz FuzzRead -fuzztime 1m ./display/voice/words
	go test -run '^$$' -fuzz FuzzParseWAV -fuzztime 1m ./display/voice

# The letters, from Debian's fonts-noto-cjk by pyftsubset of fonttools. Fonts 2
# and 4 of the collection are the forms of the mainland and of Hong Kong.
fonts:
	cd configs/fonts && all="../catalog/*.toml ../calendar/*.toml ../papers/*.toml ../../display/text/active.*.toml"; \
	python3 subset.py $$all >/tmp/hallkiosk-unicodes-2 && python3 subset.py --hk $$all >/tmp/hallkiosk-unicodes-4 && \
	for font in 2:SC 4:HK; do for w in Regular Bold; do \
	  pyftsubset /usr/share/fonts/opentype/noto/NotoSansCJK-$$w.ttc --font-number=$${font%:*} --unicodes-file=/tmp/hallkiosk-unicodes-$${font%:*} \
	    --output-file=NotoSans$${font#*:}-$$w.otf --no-hinting --desubroutinize --layout-features=kern || exit 1; done; done

# How characters are typed, from go-pinyin, Debian's unicode-data and opencc.
pinyin:
	cd kiosk/catalog/gen && go run . ..

clean:
	rm -rf bin
