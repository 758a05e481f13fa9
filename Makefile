# The project's own commands; "make help" lists them.

export CGO_ENABLED ?= 0
TAGS     := nomsgpack
FUZZTIME ?= 3s
PKGS     ?= ./...

# The programs that break real processes, and their flags.
DISKS    := ./test/power ./test/diskfull ./test/ioerror
BREAKING := ./test/kill ./test/duplicates ./test/hotitem ./test/crowd ./test/linear ./test/simulation $(DISKS)
FOR      ?= 1h
GIVEN     = $(if $(SEED),-seed $(SEED)) $(if $(REPORT),-report $(abspath $(REPORT)))
BREAK     = go test -p 1 -count 1 -v $(BREAKING) $(GIVEN)

# The linter and the formatter are built from a module of its own, once for each version.
version_of = $(shell sed -n 's|^.*$(1) v\([^ ]*\).*$$|v\1|p' tools/go.mod | head -n 1)
LINT    := bin/tools/golangci-lint-$(call version_of,golangci/golangci-lint/v2)
GOFUMPT := bin/tools/gofumpt-$(call version_of,mvdan.cc/gofumpt)

.PHONY: help
help: ## list the commands
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)$$/\1	\2/p' $(MAKEFILE_LIST) | expand -t 12

.PHONY: build
build: ## the programs, into bin/
	go build -tags $(TAGS) -trimpath -o bin/bazar ./cmd/bazar-cli
	go build -tags $(TAGS) -trimpath -o bin/catalog ./cmd/catalog
	go build -tags $(TAGS) -trimpath -o bin/order ./cmd/order
	go build -tags $(TAGS) -trimpath -o bin/account ./cmd/account

.PHONY: test
test: ## all tests
	go test $(PKGS)

.PHONY: race
race: export CGO_ENABLED = 1
# SQLite's own code, translated from C, takes most of the time, and is not ours to watch.
# It stands in GOFLAGS, for the programs that tests build.
race: ## all tests under the race detector (needs a C compiler)
	GOFLAGS="$$(go env GOFLAGS) -gcflags=modernc.org/sqlite/lib=-race=false" go test -race -timeout 20m $(PKGS)

.PHONY: model
model: ## every state of the purchase protocol; more of them: go test ./test/model -long
	go test ./test/model

.PHONY: break
break: ## break real processes as the CI does; REPORT=DIR writes reports, SEED=N repeats a run
	$(BREAK) -size ci -timeout 10m
	go test -count 1 -v $(DISKS) $(GIVEN) -disk vfs -without-fuse

.PHONY: break-long
break-long: ## the same, for FOR (1h) each
	$(BREAK) -size long -for $(FOR) -timeout 0

# Minimizing what was found would take most of so short a time.
.PHONY: fuzz
fuzz: ## every fuzz target for FUZZTIME (3s)
	@grep -rl --include='*_test.go' '^func Fuzz' . | xargs -r -n 1 dirname | sort -u | while read -r dir; do \
		grep -ho '^func Fuzz[A-Za-z0-9_]*' "$$dir"/*_test.go | sed 's/^func //' | while read -r target; do \
			echo "$$dir $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 0 "$$dir" < /dev/null || exit 1; \
		done || exit 1; \
	done

.PHONY: bench
bench: ## side-by-side measurements
	go run -tags $(TAGS) ./bench

.PHONY: docker-test
docker-test: ## the store in containers, on a Docker engine
	test/docker/run.sh

.PHONY: tls-test
tls-test: ## what testssl.sh finds at each server
	test/tls/run.sh

.PHONY: sqlmap
sqlmap: ## sqlmap on every parameter
	test/sqlmap/run.sh

.PHONY: check
check: fmt-check lint vet race model tidy ## what must hold before a merge

.PHONY: fmt
fmt: $(GOFUMPT) ## format the code
	$(GOFUMPT) -w .

.PHONY: fmt-check
fmt-check: $(GOFUMPT) ## say which files are not formatted
	@unformatted=$$($(GOFUMPT) -l .) && if [ -n "$$unformatted" ]; then \
		echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; fi

.PHONY: lint
lint: $(LINT) ## the linter, import rules included
	$(LINT) run $(PKGS)

.PHONY: vet
vet: ## go vet, with the tags of a release
	go vet -tags $(TAGS) $(PKGS)

.PHONY: tidy
tidy: ## say whether go.mod is tidy
	go mod tidy -diff

$(LINT):
	go build -C tools -trimpath -o ../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

$(GOFUMPT):
	go build -C tools -trimpath -o ../$@ mvdan.cc/gofumpt
