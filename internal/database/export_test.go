package database

import "context"

// BreakWriter leaves the writer with a transaction that it could not roll back,
// after a sync that failed.
func (db *DB) BreakWriter(ctx context.Context) error {
	leave, writer, err := db.enter(ctx)
	if err != nil {
		return err
	}
	defer leave()
	_, err = writer.ExecContext(ctx, "BEGIN IMMEDIATE")
	writer.broken = true
	db.writing <- writer
	db.mistrust()
	return err
}

// WaitForCheckpoints returns when no checkpoint is under way.
func (db *DB) WaitForCheckpoints() { db.copying.work.Wait() }

// Checkpoints counts those that have begun.
func (db *DB) Checkpoints() int {
	db.copying.mu.Lock()
	defer db.copying.mu.Unlock()
	return db.copying.begun
}

// Checkpoint copies the log as it is done in the background.
func (db *DB) Checkpoint(ctx context.Context) error {
	_, err := db.checkpoint(ctx)
	return err
}
