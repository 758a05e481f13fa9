package main

import (
	"context"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// way is a way to end a container, and to have it back.
type way struct {
	name string
	kill func(ctx context.Context, container string) error
}

func (p plan) ways() []way {
	ways := []way{{"docker kill", killByName}}
	if p.crash {
		ways = append(ways, way{"kill -9", killProcess})
	}
	return ways
}

// killByName kills a container and starts it again: after docker kill the
// engine does not.
func killByName(ctx context.Context, container string) error {
	if _, err := docker(ctx, "kill", container); err != nil {
		return err
	}
	_, err := docker(ctx, "start", container)
	return err
}

// killProcess kills a container's process as a crash would, and waits until the
// engine has started another.
func killProcess(ctx context.Context, container string) error {
	old, err := process(ctx, container)
	if err != nil {
		return err
	}
	if err := syscall.Kill(old, syscall.SIGKILL); err != nil {
		return err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		pid, err := process(ctx, container)
		if err != nil {
			return err
		}
		if pid != 0 && pid != old {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("the engine does not start it again: %w", ctx.Err())
		}
	}
}

// process is the id of a container's process, 0 if there is none.
func process(ctx context.Context, container string) (int, error) {
	text, err := docker(ctx, "inspect", "--format", "{{.State.Pid}}", container)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}

func docker(ctx context.Context, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, "docker", args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("docker %s: %w\n%s", args[0], err, out)
	}
	return strings.TrimSpace(string(out)), nil
}
