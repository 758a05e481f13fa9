package faultfs

import (
	"errors"
	"fmt"
	"log"
	"os"
	"syscall"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// unmountTime is how long programs that were killed may take to let go of their
// files.
const unmountTime = 10 * time.Second

// Missing says why there can be no FUSE file system here, nil if there can: it
// mounts one.
func Missing() (err error) {
	dir, err := os.MkdirTemp("", "faultfs-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(dir)) }()
	f, err := New(dir, dir, Options{})
	if err != nil {
		return fmt.Errorf("this machine has no FUSE: %w", err)
	}
	return f.Close()
}

// mount is the way over FUSE.
type mount struct {
	fs     *FS
	server *fuse.Server
}

func (m *mount) open() error {
	options := &fuse.MountOptions{
		FsName: "faultfs", Name: "faultfs", DisableXAttrs: true, DisableReadDirPlus: true,
		ExplicitDataCacheControl: true, MaxBackground: 64, Logger: log.New(quiet{}, "", 0),
	}
	at, err := m.fs.dir, error(nil)
	if isRoot() {
		if at, err = mountDevice(at); err != nil {
			return fmt.Errorf("mounting a FUSE file system: %w", err)
		}
	}
	server, err := fuse.NewServer(m.fs, at, options)
	if err != nil {
		return fmt.Errorf("mounting a FUSE file system: %w", err)
	}
	m.server = server
	go server.Serve() // until close, which waits for it
	return server.WaitMount()
}

func isRoot() bool { return os.Geteuid() == 0 }

// mountDevice mounts as root may, without a helper. The library would do it,
// too, but leave the device open in all programs that this one starts.
func mountDevice(dir string) (at string, err error) {
	device, err := syscall.Open("/dev/fuse", syscall.O_RDWR|syscall.O_CLOEXEC, 0)
	if err != nil {
		return "", err
	}
	data := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,max_read=131072", device)
	if err := syscall.Mount("faultfs", dir, "fuse.faultfs", syscall.MS_NOSUID|syscall.MS_NODEV, data); err != nil {
		_ = syscall.Close(device)
		return "", err
	}
	return fmt.Sprintf("/dev/fd/%d", device), nil
}

func (m *mount) close() error {
	if !isRoot() {
		return m.server.Unmount()
	}
	err := syscall.Unmount(m.fs.dir, 0)
	for wait := time.Millisecond; err == syscall.EBUSY && wait < unmountTime; wait *= 2 {
		<-time.After(wait) // the kernel tells nobody when the last file is closed
		err = syscall.Unmount(m.fs.dir, 0)
	}
	if err != nil {
		return fmt.Errorf("unmounting %s: %w", m.fs.dir, err)
	}
	m.server.Wait()
	return nil
}

// quiet has no use for the library's remarks on clients that left.
type quiet struct{}

func (quiet) Write(p []byte) (int, error) { return len(p), nil }
