package catalog

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"gorm.io/gorm"

	"github.com/bazar-store/bazar/internal/catalog/textindex"
	"github.com/bazar-store/bazar/internal/database"
)

const (
	// mergeFanout is how many segments of a level become one of the next.
	mergeFanout = 12
	// mergePages is how many merged pages are written in one transaction.
	mergePages = 100
	// lastMerge is how long Close lets a merge go on: commands that live for a
	// moment would else never merge the segments that they write.
	lastMerge = 250 * time.Millisecond
	// abandonedAfter is when a segment that never went live, because its
	// merger was killed, is swept away.
	abandonedAfter = time.Hour
)

// merger keeps the search index small in segments. It works in the background
// while there is something to merge, and has no goroutine otherwise. It waits
// for no disk: a merge that is lost is made again.
type merger struct {
	db  *database.DB
	log *slog.Logger

	mu      sync.Mutex
	running bool
	again   bool
	ctx     context.Context //nolint:containedctx // the life of the merger's own work; Close ends it
	cancel  context.CancelFunc
	work    sync.WaitGroup
}

func newMerger(ctx context.Context, db *database.DB, log *slog.Logger) *merger {
	m := &merger{db: db, log: log}
	m.ctx, m.cancel = context.WithCancel(context.WithoutCancel(ctx))
	return m
}

// Kick says that there is a new segment.
func (m *merger) Kick() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.running {
		m.again = true
		return
	}
	m.running = true
	m.work.Go(m.run)
}

// Wait returns when nothing is being merged.
func (m *merger) Wait() { m.work.Wait() }

// Close ends what is being merged, or breaks it off where that takes long, which
// loses nothing.
func (m *merger) Close() {
	late := time.AfterFunc(lastMerge, m.cancel)
	m.work.Wait()
	late.Stop()
	m.cancel()
}

func (m *merger) run() {
	for {
		more, err := m.step(m.ctx)
		if err != nil && m.ctx.Err() == nil {
			m.log.WarnContext(m.ctx, "the search index could not be merged; it is searched as it is", "error", err)
		}
		m.mu.Lock()
		if m.ctx.Err() != nil || err != nil || (!more && !m.again) {
			m.running, m.again = false, false
			m.mu.Unlock()
			return
		}
		m.again = false
		m.mu.Unlock()
	}
}

// step merges one set of segments and says whether there was one.
func (m *merger) step(ctx context.Context) (bool, error) {
	rows, err := liveSegments(m.db.Read(ctx))
	if err != nil {
		return false, database.Explain(err)
	}
	segments := make([]textindex.Segment, len(rows))
	for i, r := range rows {
		segments[i] = textindex.Segment{ID: r.ID, Level: r.Level}
	}
	chosen := textindex.Choose(segments, mergeFanout)
	if len(chosen) == 0 {
		return false, nil
	}
	return true, m.merge(ctx, chosen)
}

// merge writes one segment out of several, a few pages a transaction, then puts
// it in their place. Another process may be merging the same ones: whoever ends
// first wins, the other's work is thrown away.
func (m *merger) merge(ctx context.Context, chosen []textindex.Segment) error {
	target := segmentRow{Level: chosen[0].Level + 1, CreatedAt: now()}
	err := m.db.WriteUnsynced(ctx, func(tx *gorm.DB) error {
		return errors.Join(sweep(tx, target.CreatedAt), tx.Create(&target).Error)
	})
	if err != nil {
		return err
	}
	sources := make([]textindex.PageIterator, len(chosen))
	ids := make([]int64, len(chosen))
	for i, c := range chosen {
		sources[i], ids[i] = &segmentPages{db: m.db, ctx: ctx, id: c.ID}, c.ID
	}
	out := pageSink{db: m.db, segment: target.ID}
	err = textindex.Merge(ctx, sources, func(p textindex.Page) error { return out.add(ctx, p) })
	if err == nil {
		err = out.flush(ctx)
	}
	if err == nil {
		err = m.db.WriteUnsynced(ctx, func(tx *gorm.DB) error { return replace(tx, ids, target.ID) })
	}
	if err == nil {
		return m.discard(ctx, ids)
	}
	return errors.Join(err, m.discard(context.WithoutCancel(ctx), []int64{target.ID}))
}

// replace makes target live in place of the merged ones, if they all still are.
func replace(tx *gorm.DB, merged []int64, target int64) error {
	gone := tx.Model(&segmentRow{}).Where("live AND id IN ?", merged).UpdateColumn("live", false)
	if gone.Error != nil {
		return gone.Error
	}
	if gone.RowsAffected != int64(len(merged)) {
		return errMergedElsewhere()
	}
	born := tx.Model(&segmentRow{ID: target}).UpdateColumn("live", true)
	if born.Error == nil && born.RowsAffected != 1 {
		return errSwept()
	}
	return born.Error
}

func errSwept() error {
	return errors.New("the merge took so long that another process has swept it away")
}

func errMergedElsewhere() error {
	return errors.New("another process has merged these segments meanwhile")
}

// discard deletes segments that are not live, a part of their pages a
// transaction.
func (m *merger) discard(ctx context.Context, ids []int64) error {
	for _, id := range ids {
		for left := int64(1); left > 0; {
			err := m.db.WriteUnsynced(ctx, func(tx *gorm.DB) error {
				some := tx.Exec(`DELETE FROM index_pages WHERE segment_id = ? AND (term, first) IN
					(SELECT term, first FROM index_pages WHERE segment_id = ? ORDER BY term, first LIMIT ?)`, id, id, 2*mergePages)
				if left = some.RowsAffected; some.Error != nil || left > 0 {
					return some.Error
				}
				return tx.Where("NOT live").Delete(&segmentRow{ID: id}).Error
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// sweep deletes what a killed merger left behind.
func sweep(tx *gorm.DB, at int64) error {
	old := at - abandonedAfter.Milliseconds()
	pages := tx.Exec("DELETE FROM index_pages WHERE segment_id IN (SELECT id FROM index_segments WHERE NOT live AND created_at < ?)", old)
	return errors.Join(pages.Error, tx.Where("NOT live AND created_at < ?", old).Delete(&segmentRow{}).Error)
}

// pageSink writes merged pages in short transactions.
type pageSink struct {
	db      *database.DB
	segment int64
	pages   []textindex.Page
}

func (s *pageSink) add(ctx context.Context, p textindex.Page) error {
	if s.pages = append(s.pages, p); len(s.pages) < mergePages {
		return nil
	}
	return s.flush(ctx)
}

func (s *pageSink) flush(ctx context.Context) error {
	defer func() { s.pages = s.pages[:0] }()
	return s.db.WriteUnsynced(ctx, func(tx *gorm.DB) error { return writePages(tx, s.segment, s.pages) })
}

// segmentPages gives all pages of a segment ([textindex.PageIterator]), some at
// a time.
type segmentPages struct {
	db    *database.DB
	ctx   context.Context //nolint:containedctx // lives as long as one merge
	id    int64
	ahead []pageRow
	term  string
	first int64
	begun bool
}

// Next gives the next page.
func (s *segmentPages) Next() (textindex.Page, bool, error) {
	if len(s.ahead) == 0 {
		query := s.db.Read(s.ctx).Where("segment_id = ?", s.id)
		if s.begun {
			query = query.Where("(term, first) > (?, ?)", s.term, s.first)
		}
		if err := query.Order("term, first").Limit(16).Find(&s.ahead).Error; err != nil || len(s.ahead) == 0 {
			return textindex.Page{}, false, err
		}
	}
	p := s.ahead[0]
	s.ahead, s.begun, s.term, s.first = s.ahead[1:], true, p.Term, p.First
	return textindex.Page{Term: p.Term, First: p.First, Data: p.Data}, true, nil
}
