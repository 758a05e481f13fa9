// Command floor is the least that a client can be which links what Bazar is made
// of: it makes one bare exchange over HTTP and prints the reply. No command of a
// program with these packages in it starts and ends in less time.
//
//	floor URL
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	_ "github.com/charmbracelet/lipgloss" // linked and initialized, no more
	_ "github.com/gin-gonic/gin"          // as above
	_ "github.com/spf13/cobra"            // as above
	_ "gorm.io/driver/sqlite"             // as above
	_ "gorm.io/gorm"                      // as above
	_ "modernc.org/sqlite"                // as above
)

func main() {
	if err := fetch(context.Background(), os.Args[len(os.Args)-1]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

func fetch(ctx context.Context, url string) (err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", request.URL.Host)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := request.Write(conn); err != nil {
		return err
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, response.Body.Close()) }()
	_, err = io.Copy(os.Stdout, response.Body)
	return err
}
