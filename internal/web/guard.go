package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

// checkOrigin keeps web pages out of a server that knows no accounts. A page
// can make a browser on this machine send anything here, and can even point its
// own host name at a loopback address; but the browser tells the host and the
// origin as they are.
func checkOrigin(r *http.Request) error {
	if !loopbackHost(r.Host) {
		return api.Errorf(api.CodeForbidden,
			"this server answers only as localhost, not as %q; use http://localhost with its port, or start it with --insecure", r.Host)
	}
	if origin := r.Header.Get("Origin"); origin != "" && !sameOrigin(origin, r.Host) {
		return api.Errorf(api.CodeForbidden,
			"requests from the web page %q are refused; send them from the command line, or start the server with --insecure", origin)
	}
	switch site := r.Header.Get("Sec-Fetch-Site"); site {
	case "", "none", "same-origin":
		return nil
	default:
		return api.Errorf(api.CodeForbidden,
			"requests from other web pages (%s) are refused; send them from the command line, or start the server with --insecure", site)
	}
}

// loopbackHost says whether a Host header names this machine alone.
func loopbackHost(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	} else if h, ok := strings.CutPrefix(hostport, "["); ok {
		host = strings.TrimSuffix(h, "]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Zone() == "" && ip.IsLoopback()
}

func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && strings.EqualFold(u.Host, host)
}
