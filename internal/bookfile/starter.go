package bookfile

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/bazar-store/bazar/pkg/api"
)

//go:embed starter.csv
var starter string

// Starter gives the catalogue that a new store opens with.
func Starter() ([]api.ImportRow, error) {
	r, err := NewReader(strings.NewReader(starter), Options{Name: "starter.csv"})
	if err != nil {
		return nil, err
	}
	var rows []api.ImportRow
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err == nil {
			err = row.Err
		}
		if err != nil {
			return nil, fmt.Errorf("starter.csv, line %d: %w", row.Line, err)
		}
		rows = append(rows, row.Book)
	}
}
