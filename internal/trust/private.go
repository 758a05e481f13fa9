package trust

import (
	"os"
	"runtime"

	"github.com/bazar-store/bazar/pkg/api"
)

// CheckPrivate refuses a secret's file that others than its owner may read,
// where the system knows such modes.
func CheckPrivate(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return api.Errorf(api.CodeInvalid, "%w", err)
	}
	if mode := info.Mode().Perm(); runtime.GOOS != "windows" && mode&0o077 != 0 {
		return api.Errorf(api.CodeInvalid, "%s may be read by others (mode %04o); type: chmod 600 %s", path, mode, path)
	}
	return nil
}
