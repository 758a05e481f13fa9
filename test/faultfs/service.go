package faultfs

import (
	"encoding/gob"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/hanwen/go-fuse/v2/fuse"
)

// socketName is the name in a file system's directory that leads here.
const socketName = ".faultfs"

// service is the way of a VFS: each open file of a program has a connection of
// its own, over which it asks one thing after the other. Names of files are
// links in the directory, so that a program finds them there, with SQLite's
// locks and shared memory beside them.
type service struct {
	fs     *FS
	socket *net.UnixListener
	work   sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// request is what a program asks for.
type request struct {
	Op   operation
	Name string // of what is opened or removed
	Off  int64  // where, or how long a file is to be
	Size int64
	Data []byte
}

type operation int

const (
	openFile operation = iota
	makeFile           // and opens it
	readFile
	writeFile
	resizeFile
	syncFile
	syncNames
	removeFile
)

// answer says how it went.
type answer struct {
	Err    syscall.Errno
	N      int // bytes written
	Data   []byte
	Direct bool
}

func (s *service) open() (err error) {
	path := filepath.Join(s.fs.dir, socketName)
	if s.socket, err = net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"}); err != nil {
		return err
	}
	s.conns = map[net.Conn]bool{}
	s.work.Go(s.accept)
	return nil
}

func (s *service) accept() {
	for {
		conn, err := s.socket.Accept()
		if err != nil {
			return // it is closed
		}
		if s.enlist(conn) {
			s.work.Go(func() { s.serve(conn) })
		}
	}
}

// enlist notes a connection, unless there are to be none any more.
func (s *service) enlist(conn net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conns == nil {
		_ = conn.Close() // nothing was said
		return false
	}
	s.conns[conn] = true
	return true
}

// serve answers until the program is gone, or the file system.
func (s *service) serve(conn net.Conn) {
	in, out := gob.NewDecoder(conn), gob.NewEncoder(conn)
	var h *handle
	for {
		var r request
		if in.Decode(&r) != nil || out.Encode(s.fs.answer(&h, r)) != nil {
			break
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, conn)
	_ = conn.Close() // there is nothing more to say
}

// close ends all connections; the file system is dead.
func (s *service) close() error {
	err := s.socket.Close()
	s.mu.Lock()
	for conn := range s.conns {
		_ = conn.Close() // whoever is there was killed
	}
	s.conns = nil
	s.mu.Unlock()
	s.work.Wait()
	return err
}

// answer does what a program asks for. h is the file that it has open.
func (f *FS) answer(h **handle, r request) (a answer) {
	err := f.enter(r.Op != openFile && r.Op != readFile)
	defer f.mu.Unlock()
	switch {
	case err != nil:
	case r.Op == openFile:
		*h, err = f.openByName(r.Name)
		a.Direct = f.direct
	case r.Op == makeFile:
		*h, err = f.makeByName(r.Name)
		a.Direct = f.direct
	case r.Op == syncNames:
		err = f.syncDir(fuse.FUSE_ROOT_ID)
	case r.Op == removeFile:
		err = f.remove(fuse.FUSE_ROOT_ID, r.Name)
	case *h == nil:
		err = syscall.EBADF
	case r.Op == readFile:
		a.Data, err = f.read((*h).of, r.Off, r.Size)
	case r.Op == writeFile:
		a.N, err = f.write((*h).of, r.Off, r.Data)
	case r.Op == resizeFile:
		err = f.resize((*h).of, r.Off)
	case r.Op == syncFile:
		err = f.sync(*h)
	}
	a.Err = syscall.Errno(status(err))
	return a
}

func (f *FS) openByName(name string) (*handle, error) {
	o := f.child(fuse.FUSE_ROOT_ID, name)
	if o == nil {
		return nil, syscall.ENOENT
	}
	return f.open(o), nil
}

// makeByName makes a file, unless another program just has.
func (f *FS) makeByName(name string) (*handle, error) {
	_, err := f.make(fuse.FUSE_ROOT_ID, name, func() (*object, error) { return f.newFile(name, 0o600) })
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return f.openByName(name)
}

// show has the directory show what a name is now.
func (f *FS) show(name string, id uint64) error {
	path := filepath.Join(f.dir, name)
	if id == 0 {
		return missingOK(os.Remove(path))
	}
	if err := os.Link(f.objects[id].data.Name(), path); !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil // the program's own, which the data was taken from
}

// showAll has the directory show all names as they are.
func (f *FS) showAll() error {
	if f.form != VFS {
		return nil
	}
	for _, id := range f.files() {
		if err := f.show(f.objects[id].name, 0); err != nil {
			return err
		}
	}
	for name, id := range f.objects[fuse.FUSE_ROOT_ID].entries {
		if err := f.show(name, id); err != nil {
			return err
		}
	}
	return nil
}

func missingOK(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
