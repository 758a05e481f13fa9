package web

import "runtime/debug"

// version is put in by the linker where the build has no version control to
// ask, as in an image:
// -ldflags "-X github.com/bazar-store/bazar/internal/web.version=v1.2.0".
var version string

// Version says which build this is: what the linker put in, else the module's
// version and the revision it was built from ("v1.2.0 (3f2a9c1b0d4e,
// modified)"), "devel" where the build does not know.
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) string {
	number, revision, modified := info.Main.Version, "", ""
	if number == "" || number == "(devel)" {
		number = "devel"
	}
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			revision = setting.Value[:min(12, len(setting.Value))]
		case setting.Key == "vcs.modified" && setting.Value == "true":
			modified = ", modified"
		}
	}
	if revision == "" {
		return number
	}
	return number + " (" + revision + modified + ")"
}
