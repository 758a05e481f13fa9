package database

import (
	"encoding/json"
	"fmt"
)

// ScanJSON reads a column that holds JSON; for a Scan method.
func ScanJSON(column, into any) error {
	var data []byte
	switch v := column.(type) {
	case string:
		data = []byte(v)
	case []byte:
		data = v
	default:
		return fmt.Errorf("a JSON column holds %T", column)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("a JSON column is damaged: %w", err)
	}
	return nil
}
