# NoticeHub. `make help` lists the targets; two are enough to begin: `make up` and `make test`.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MODULES := proto pkg services
PACKAGES := ./proto/... ./pkg/... ./services/...
HUB := bin/noticehub
CONSOLE := services/console/web
CONSOLE_BUILT := services/console/internal/app/dist/index.html
CONSOLE_SOURCES := $(shell find $(CONSOLE) -path '*/node_modules' -prune -o -path '*/src/gen' -prune -o -path '*/test' -prune -o -name '.browser-test' -prune -o -type f -print) $(shell find proto scripts/third_party -name '*.proto')
DIR ?= .noticehub
ARGS ?=
ROUNDS ?= 3

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

.PHONY: setup
setup: ## find or install what is needed (Go, PostgreSQL server binaries)
	@scripts/setup

.PHONY: build
build: setup ## build all binaries into bin/
	@mkdir -p bin && go build -o bin/ ./services/cmd/...

# npm packages, the code made from proto/ and the bundle: each only when what it is made of changed.
$(CONSOLE)/node_modules/.package-lock.json: $(CONSOLE)/package-lock.json
	@scripts/setup-browser
	@cd $(CONSOLE) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

$(CONSOLE_BUILT): $(CONSOLE)/node_modules/.package-lock.json $(CONSOLE_SOURCES)
	@echo "building the console"
	@cd $(CONSOLE) && npm run --silent generate && npm run --silent check && npm run --silent build

.PHONY: console
console: $(CONSOLE_BUILT) ## build the operators' console into the service (needs Node; without it a page says so)

.PHONY: browser-test
browser-test: console ## do officers' tasks in a browser against a hub of its own, and measure it over 5 million submissions (ROWS=...); ends with figure lines (pictures: out/browser-test)
	@scripts/setup-browser --chromium
	@$(MAKE) --no-print-directory build
	@GOWORK=off go build -C scripts/bench -o $(CURDIR)/bin/bench .
	@cd $(CONSOLE) && npm run --silent browser-test -- $(ARGS)

.PHONY: up
up: setup ## set everything up and run the whole hub in one process (DIR=.noticehub, ARGS=...)
	@$(MAKE) --no-print-directory console || echo "make up: going on without the console in the browser; everything else works"
	@$(MAKE) --no-print-directory build
	@$(HUB) up --dir $(DIR) $(ARGS)

.PHONY: down
down: ## stop a hub started by `make up` in DIR; the data stays
	@test ! -x $(HUB) || $(HUB) down --dir $(DIR)

.PHONY: demo
demo: build ## play a story through all information types, outcomes and work items on a hub of its own
	@$(HUB) demo $(ARGS)

.PHONY: demo-load
demo-load: build ## lodge the 2,000+ synthetic submissions through gRPC and compare every outcome and report line
	@$(HUB) demo-load $(ARGS)

.PHONY: test
test: setup ## set everything up and run all tests
	@go test -json -timeout 15m $(PACKAGES) | go run scripts/testreport/main.go

.PHONY: race
race: setup ## run the tests of the delivery and decision code under the race detector
	@go test -json -race -short -timeout 15m ./pkg/... ./services/... | go run scripts/testreport/main.go

.PHONY: tools
tools: bin/.tools ## build the pinned developer tools into bin/

bin/.tools: scripts/tools/buf/go.sum scripts/tools/gen/go.sum scripts/tools/lint/go.sum
	@mkdir -p bin
	@for m in gen buf lint; do echo "building tools: $$m"; GOWORK=off GOBIN=$(CURDIR)/bin go -C scripts/tools/$$m install tool; done
	@touch $@

.PHONY: generate
generate: tools ## regenerate the code made from proto/ and the third-party .proto files
	@GOWORK=off go -C scripts/tools/thirdparty run . ../../third_party
	@bin/buf generate

.PHONY: fmt
fmt: tools ## format Go and proto files
	@bin/golangci-lint fmt $(PACKAGES)
	@bin/buf format -w proto

.PHONY: lint
lint: tools ## golangci-lint and buf lint
	@bin/golangci-lint run $(PACKAGES)
	@bin/buf lint

.PHONY: verify
verify: tools ## format, lint, generated code, wire compatibility, module tidiness, builds outside the workspace
	@echo "verify: format"; bin/golangci-lint fmt --diff $(PACKAGES) && bin/buf format --diff --exit-code proto
	@echo "verify: lint"; $(MAKE) --no-print-directory lint
	@echo "verify: generated code"; $(MAKE) --no-print-directory generate && git diff --exit-code --stat -- proto scripts/third_party && \
	  test -z "$$(git status --porcelain -- proto scripts/third_party)"
	@echo "verify: wire compatibility"; bin/buf breaking proto --against scripts/contract-baseline.binpb
	@echo "verify: modules"; for m in $(MODULES) scripts/bench scripts/chaos; do GOWORK=off go -C $$m mod tidy -diff && GOWORK=off go -C $$m build -o /dev/null ./... && GOWORK=off go -C $$m vet ./...; done

.PHONY: contract-baseline
contract-baseline: tools ## accept today's contract as the one that later changes must stay compatible with
	@bin/buf build proto -o scripts/contract-baseline.binpb

.PHONY: bench
bench: build ## measure the pipeline against its peers in one run (ROUNDS=3); ends with figure lines
	@GOWORK=off go build -C scripts/bench -o $(CURDIR)/bin/bench . && bin/bench -rounds $(ROUNDS) $(ARGS)

.PHONY: bench-queries
bench-queries: build ## measure register, queue and search queries at 5 million submissions
	@GOWORK=off go build -C scripts/bench -o $(CURDIR)/bin/bench . && bin/bench -queries $(ARGS)

.PHONY: bench-workitems
bench-workitems: build ## measure lists of 10 million work items, the daily sweep and the rate of feeds; ends with figure lines
	@GOWORK=off go build -C scripts/bench -o $(CURDIR)/bin/bench . && bin/bench -workitems -rounds $(ROUNDS) $(ARGS)

.PHONY: chaos-short
chaos-short: ## kill real processes under load and prove that nothing is lost or doubled (about 5 minutes)
	@scripts/chaos/run -minutes 3.5 $(ARGS)

.PHONY: chaos-sabotage
chaos-sabotage: ## plant three bugs, one after the other, and see the chaos run find each
	@scripts/chaos/run -sabotage $(ARGS)

.PHONY: attack
attack: setup ## attack a whole hub with everything on, walk all rights, look for canaries, alter the audit log (within 5 minutes); ends with figure lines
	@figures=$$(mktemp); trap 'cat "$$figures"; rm -f "$$figures"' EXIT; \
	  NOTICEHUB_ATTACK_FIGURES="$$figures" go test -tags attack -count=1 -timeout 10m -run '^Test' ./services/attacktest $(ARGS)

.PHONY: ci
ci: test ## everything a change must pass
	@$(MAKE) --no-print-directory verify
	@$(MAKE) --no-print-directory race
	@$(MAKE) --no-print-directory demo
	@$(MAKE) --no-print-directory demo-load
	@$(MAKE) --no-print-directory attack
	@$(MAKE) --no-print-directory browser-test
	@$(MAKE) --no-print-directory chaos-short ARGS="-minutes 1.5"
