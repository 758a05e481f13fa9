#!/usr/bin/env bash
# Runs the store in containers, on the Docker engine of this machine: builds the
# images, brings them up, kills each container while a crowd buys, and runs the
# Docker commands of README.md and docs/operations.md as they stand. Needs no
# image registry: as root, with debootstrap, it makes the base images of this
# machine's own Debian mirror and Go; else it takes those of the Dockerfile, or
# what BUILD_IMAGE and ROOT_IMAGE name.
# What it made it removes again.
set -euo pipefail
cd "$(dirname "$0")/../.."

missing() {
	echo "$1"
	[[ ${CI:-} != true ]] || exit 1
	echo "skipped"
	exit 0
}
docker info > /dev/null 2>&1 || missing "there is no Docker engine here"
composes=()
! docker compose version > /dev/null 2>&1 || composes+=("docker compose")
! docker-compose version > /dev/null 2>&1 || composes+=("docker-compose")
((${#composes[@]})) || missing "there is no Docker Compose here"

# Everything is called after this run, so that nothing else is touched.
run=bazar-test-$$
made=$run=yes # a label
export COMPOSE_PROJECT_NAME=$run BAZAR_VERSION=$run
tmp=$(mktemp -d)
context=$tmp/context # a checkout of its own, because vendor/ changes what Go does

clean_up() {
	local status=$?
	set +e
	trap - EXIT
	remove container --all | xargs -r docker rm --force --volumes
	remove volume | xargs -r docker volume rm
	remove network | xargs -r docker network rm
	docker image rm --force {bazar,bazar-order,bazar-catalog}:"$run" "$run"-build "$run"-root
	docker image prune --force --filter "label=$made"
	umount "$tmp/debian"
	rm -rf --one-file-system "$tmp"
	exit "$status"
} > /dev/null 2>&1
remove() { docker "$1" ls "${@:2}" --quiet --filter "label=com.docker.compose.project=$run"; }
trap clean_up EXIT
trap 'exit 130' INT TERM

passed=0
failed=0
# check runs a command, which may be a function, and says what became of it.
check() {
	local what=$1 start=$SECONDS status
	shift
	set +e
	(
		set -e
		"$@"
	) > "$tmp/output" 2>&1
	status=$?
	set -e
	if ((status == 0)); then
		passed=$((passed + 1))
		echo "ok    $what ($((SECONDS - start)) s)"
		sed -n 's/^measured: /      /p' "$tmp/output"
	else
		failed=$((failed + 1))
		echo "FAIL  $what"
		tail -n 60 "$tmp/output" | sed 's/^/      /'
	fi
}
# must checks what all the rest needs.
must() {
	check "$@"
	((failed == 0)) || finish
}
finish() {
	echo "$passed passed, $failed failed"
	exit $((failed > 0))
}

# --- what is built, and of what

make_context() {
	git ls-files -z --cached --others --exclude-standard | xargs -0 tar -c | tar -x -C "$context"
	(cd "$context" && go mod vendor)
	# Two thirds of it are for other systems, and Docker copies all of it at each build.
	find "$context/vendor" -regextype egrep -regex '.*_(windows|darwin|(free|net|open)bsd|illumos)(_.*)?\.go' -delete
	CGO_ENABLED=0 go build -o "$tmp/bin/" ./cmd/bazar-cli ./test/docker
	mv "$tmp/bin/bazar-cli" "$tmp/bin/bazar"
	mv "$tmp/bin/docker" "$tmp/crowd"
}

# install_debian installs Debian as this machine has it, from where its apt does.
install_debian() {
	local suite mirror
	suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
	# shellcheck disable=SC2016 # apt's own variables
	mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' |
		awk -v suite="$suite" '$1 == suite && !found { found = $2 } END { print found }')
	mkdir "$tmp/debian"
	# dpkg syncs every file; in memory that costs nothing.
	mount -t tmpfs tmpfs "$tmp/debian" || echo "on disk, then"
	debootstrap --variant=minbase --include=ca-certificates,tzdata "$suite" "$tmp/debian" "$mirror"
	rm -rf "$tmp"/debian/var/cache/apt/archives/*.deb "$tmp"/debian/var/lib/apt/lists/*
}

import_bases() {
	tar -C "$tmp/debian" -c . | docker import --change "LABEL $made" - "$run"-root
	# The same with Go: only its names do not begin with a dot.
	tar -c --transform 'flags=r;s,^[^.],usr/local/go/&,' -C "$tmp/debian" . \
		-C "$(go env GOROOT)" --exclude=src/cmd/*/testdata bin lib pkg src VERSION go.env |
		docker import --change "LABEL $made" --change "ENV GOTOOLCHAIN=local" \
			--change "ENV PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
			- "$run"-build
}

prepare() {
	local debian
	if [[ $own_bases == no ]]; then
		make_context
		return
	fi
	install_debian &
	debian=$!
	make_context
	wait "$debian"
	import_bases
}

build() { docker compose -f docker/compose.yaml build; }

# --- what must hold

image_is() {
	local image=$1 limit=$2 size
	size=$(docker image inspect --format '{{.Size}}' "$image:$run")
	echo "measured: $image: $((size / 1000000)) MB"
	((size <= limit * 1000000))
	docker image inspect --format '{{.Config.User}} {{json .Config.Healthcheck}} {{json .Config.Labels}}' "$image:$run" > "$tmp/image"
	grep '^65532:65532 .*"healthcheck".*"org.opencontainers.image.revision"' "$tmp/image"
	docker run --rm "$image:$run" version | grep " $run go"
}

id() { docker compose -f docker/compose.yaml ps --all --quiet "$1"; }

up() {
	local start=${EPOCHREALTIME/./} service
	docker compose -f docker/compose.yaml up --detach
	for service in catalog order bazar; do
		timeout 60 sh -c 'until [ "$(docker inspect --format "{{.State.Health.Status}}" "$1")" = healthy ]; do sleep 0.1; done' - "$(id $service)"
	done
	echo "measured: all healthy after $(((${EPOCHREALTIME/./} - start) / 1000)) ms"
}

confined() {
	local service pid facts
	for service in catalog order bazar; do
		facts=$(docker inspect --format '{{.HostConfig.ReadonlyRootfs}} {{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}} {{.HostConfig.RestartPolicy.Name}}' "$(id $service)")
		echo "$service: $facts"
		[[ $facts == "true [ALL] [no-new-privileges:true] unless-stopped" ]]
		facts=$(docker inspect --format '{{.HostConfig.Memory}} {{.HostConfig.NanoCpus}} {{.HostConfig.PidsLimit}}' "$(id $service)")
		echo "$service: $facts"
		[[ $facts == "536870912 1000000000 256" ]]
		pid=$(docker inspect --format '{{.State.Pid}}' "$(id $service)")
		[[ ! -r /proc/$pid/status ]] || grep -P '^Uid:\t65532\t65532\t65532\t65532$' "/proc/$pid/status"
	done
	facts=$(docker inspect --format '{{json .HostConfig.PortBindings}}' "$(id catalog)" "$(id order)" "$(id bazar)")
	echo "$facts"
	[[ $(grep -o HostPort <<< "$facts" | wc -l) == 1 && $facts == *'"HostIp":"127.0.0.1","HostPort":"8080"'* ]]
	[[ $(docker network inspect --format '{{.Internal}}' "${run}_services") == true ]]
}

# A page that points its own name at this machine buys nothing.
web_pages_are_kept_out() {
	[[ $(curl -s -o /dev/null -w '%{http_code}' -X POST -H 'Host: page.example' http://127.0.0.1:8080/purchase/3) == 403 ]]
	[[ $(curl -s -o /dev/null -w '%{http_code}' -X POST -H 'Origin: http://page.example' http://127.0.0.1:8080/purchase/3) == 403 ]]
}

three_commands() {
	bazar search distributed-systems | grep -P '^2\tRPCs for Dummies'
	bazar info 2 | grep 'RPCs for Dummies'
	bazar buy 3 | grep confirmed
}

kills() {
	local crash=() book names
	# Another's process is root's to kill, and this machine's only where the engine is on it.
	((EUID != 0)) || ! kill -0 "$(docker inspect --format '{{.State.Pid}}' "$(id catalog)")" || crash=(-crash)
	for book in 1 3 4; do
		bazar stock set "$book" 1000000
	done
	names=$(docker inspect --format '{{.Name}}' "$(id catalog)" "$(id order)" "$(id bazar)" | tr -d / | paste -sd,)
	"$tmp/crowd" "${crash[@]}" -kill "$names" > "$tmp/crowd.log"
	sed 's/^/measured: /' "$tmp/crowd.log"
}

contents() {
	bazar orders list --all -o tsv | sort
	for book in 1 2 3 4; do bazar info "$book" --fields id,stock -o tsv; done
}

nothing_is_lost() {
	contents > "$tmp/before"
	docker compose -f docker/compose.yaml down
	up
	contents > "$tmp/after"
	echo "measured: $(wc -l < "$tmp/before") rows as before"
	[[ $(wc -l < "$tmp/before") -gt 100 ]]
	cmp "$tmp/before" "$tmp/after"
}

both_composes() {
	local compose
	for compose in "${composes[@]}"; do
		$compose -f docker/compose.yaml config --quiet
		$compose -f docker/compose.yaml up --detach
		timeout 60 sh -c 'until curl -fs http://127.0.0.1:8080/v1/store; do sleep 0.2; done'
		$compose -f docker/compose.yaml down
		echo "measured: with $compose $($compose version --short)"
	done
}

# document runs what a document tells to type into Docker, as one person types it.
document() {
	awk '/^```sh$/ { block = ""; inside = 1; next }
		/^```$/ { if (inside && block ~ /(^|\n)docker /) printf "%s", block; inside = 0 }
		inside { block = block $0 "\n" }' "$1" > "$tmp/typed"
	[[ -s $tmp/typed ]]
	timeout 300 sh -eux "$tmp/typed"
}

down() { docker compose -f docker/compose.yaml down --volumes; }

# --- the run

mkdir -p "$tmp/bin" "$context"
own_bases=no
if [[ -z ${BUILD_IMAGE:-}${ROOT_IMAGE:-} ]] && ((EUID == 0)) && command -v debootstrap > /dev/null; then
	own_bases=yes
fi
must "base images, the checkout with its modules, programs" prepare
if [[ $own_bases == yes ]]; then
	export BUILD_IMAGE=$run-build ROOT_IMAGE=$run-root
fi
BAZAR_REVISION=$(git rev-parse HEAD)
export BAZAR_REVISION
if [[ ${composes[0]} != "docker compose" ]]; then
	engine=$(command -v docker)
	printf '#!/bin/sh\nif [ "$1" = compose ]; then shift; exec docker-compose "$@"; fi\nexec %s "$@"\n' "$engine" > "$tmp/bin/docker"
	chmod +x "$tmp/bin/docker"
fi
export PATH=$tmp/bin:$PATH XDG_CONFIG_HOME=$tmp/config XDG_DATA_HOME=$tmp/data XDG_STATE_HOME=$tmp/state
cd "$context"
export BAZAR_URL=http://127.0.0.1:8080

must "images build" build
check "the catalog's image" image_is bazar-catalog 30
check "the order service's image" image_is bazar-order 30
check "the front end's image" image_is bazar 40
must "up" up
check "containers are confined, and one port is published" confined
check "web pages are kept out" web_pages_are_kept_out
check "search, info, buy" three_commands
check "killing each container loses nothing" kills
check "down and up loses nothing" nothing_is_lost
check "down" down
((${#composes[@]} < 2)) || check "each Compose there is" both_composes
unset BAZAR_URL
check "README.md" document README.md
check "down, with the volumes" down
check "docs/operations.md" document docs/operations.md
check "down at last" down
finish
