package harness

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"github.com/bazar-store/bazar/test/faultfs"
)

// Over says how the run's disks are made, before there is any.
func (r *Run) Over(form faultfs.Form) {
	if r.form = form; form == faultfs.VFS {
		r.name += "-vfs"
		r.command += " -disk vfs"
		r.Logf("over a VFS; to repeat it: %s", r.command)
	}
}

// Disk is a disk of the run's own that can fail, of the run's form. It is taken away at the end,
// after the processes; what it held then stays if the run fails.
func (r *Run) Disk(name string, o faultfs.Options) *faultfs.FS {
	dir, store := filepath.Join(r.Dir, name), filepath.Join(r.Dir, name+"-store")
	r.Must(errors.Join(os.Mkdir(dir, 0o755), os.Mkdir(store, 0o755)))
	o.Form = r.form
	disk, err := faultfs.New(dir, store, o)
	r.Must(err)
	r.Cleanup(func() {
		for _, p := range r.processes {
			p.Strike()
		}
		if r.Failed() {
			_ = disk.Export(filepath.Join(r.Dir, name+"-as-it-was")) // only to be looked at
		}
		disk.Die()
		for _, p := range r.processes {
			p.Kill()
		}
		if err := disk.Close(); err != nil {
			r.Error(err)
		}
	})
	return disk
}

// Strike kills it (SIGKILL) and does not wait until it is gone: it may be stuck
// in a disk without power.
func (p *Process) Strike() { p.signal(syscall.SIGKILL) }

// Ended says whether it has ended by itself, or was killed.
func (p *Process) Ended() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.gone:
		return true
	default:
		return p.cmd == nil
	}
}
