PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE "captures" (
   "id" INTEGER PRIMARY KEY,
   "recording_id" TEXT NOT NULL REFERENCES "recordings"("id"),
   "position" INTEGER NOT NULL,
   "name" TEXT NOT NULL,
   "bytes" INTEGER,
   "sha256" TEXT,
   "format" TEXT,
   "start_ms" INTEGER,
   "duration_ms" INTEGER
);
INSERT INTO "captures" VALUES(1,'2017-03-28-ile-demo/matin',1,'00001.MTS',123456,'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa','mpegts',0,520000);
INSERT INTO "captures" VALUES(2,'2019-10-05-soiree-demo/soiree',1,'soiree.mp4',99,'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee','mp4',0,90000);
CREATE TABLE "events" (
   "id" TEXT PRIMARY KEY,
   "title" TEXT NOT NULL,
   "series_id" TEXT REFERENCES "series"("id"),
   "label" TEXT,
   "date" TEXT NOT NULL,
   "end" TEXT,
   "place" TEXT,
   "language" TEXT,
   "licence" TEXT,
   "organisers" TEXT
);
INSERT INTO "events" VALUES('2017-03-28-ile-demo','PTCE et citoyenneté','journees','Acte 2','2017-03-28',NULL,'L''Île-Démo','fr','CC-BY-SA-4.0','["RTD"]');
INSERT INTO "events" VALUES('2019-10-05-soiree-demo','Soirée des communes','journees',NULL,'2019-10-05',NULL,NULL,'fr',NULL,'["Mairie de Démo"]');
CREATE TABLE "gaps" (
   "recording_id" TEXT NOT NULL REFERENCES "recordings"("id"),
   "start_ms" INTEGER NOT NULL,
   "end_ms" INTEGER NOT NULL,
   "reason" TEXT
);
INSERT INTO "gaps" VALUES('2017-03-28-ile-demo/matin',300000,302000,'packets missing');
CREATE TABLE "glossary" (
   "term" TEXT NOT NULL,
   "means" TEXT,
   "event_id" TEXT REFERENCES "events"("id")
);
INSERT INTO "glossary" VALUES('PTCE','pôle territorial de coopération économique','2017-03-28-ile-demo');
INSERT INTO "glossary" VALUES('tiers-lieu',NULL,'2017-03-28-ile-demo');
CREATE TABLE "links" (
   "event_id" TEXT NOT NULL REFERENCES "events"("id"),
   "session_id" TEXT REFERENCES "sessions"("id"),
   "kind" TEXT,
   "title" TEXT,
   "url" TEXT NOT NULL
);
INSERT INTO "links" VALUES('2017-03-28-ile-demo',NULL,'report','Les actes','https://example.org/actes.pdf');
CREATE TABLE "mentions" (
   "kind" TEXT NOT NULL,
   "id" TEXT NOT NULL,
   "event_id" TEXT NOT NULL REFERENCES "events"("id"),
   "name" TEXT NOT NULL,
   "sort_name" TEXT,
   "url" TEXT,
   "publish" TEXT,
   PRIMARY KEY ("kind", "id", "event_id")
);
INSERT INTO "mentions" VALUES('person','ana-exemple','2017-03-28-ile-demo','Ana Exemple','Exemple, Ana',NULL,'yes');
INSERT INTO "mentions" VALUES('person','bo-exemple','2017-03-28-ile-demo','Bo Modèle','Modèle, Bo',NULL,'yes');
INSERT INTO "mentions" VALUES('person','zephyrine-x','2017-03-28-ile-demo','Zéphyrine Sansnom','Sansnom, Zéphyrine',NULL,'no-name');
INSERT INTO "mentions" VALUES('person','wilfrid-x','2017-03-28-ile-demo','Wilfrid Sansrien','Sansrien, Wilfrid',NULL,'nothing');
INSERT INTO "mentions" VALUES('organisation','RTD','2017-03-28-ile-demo','Réseau des territoires de démonstration',NULL,NULL,NULL);
INSERT INTO "mentions" VALUES('organisation','PHARES','2017-03-28-ile-demo','Le Phares',NULL,'https://example.org/phares',NULL);
INSERT INTO "mentions" VALUES('organisation','OMBRE','2017-03-28-ile-demo','Organisation que rien de public ne nomme',NULL,NULL,NULL);
INSERT INTO "mentions" VALUES('person','bo-exemple','2019-10-05-soiree-demo','Bo Modèle','Modèle, Bo',NULL,'yes');
INSERT INTO "mentions" VALUES('person','cleo-essai','2019-10-05-soiree-demo','Cléo Essai','Essai, Cléo',NULL,'yes');
INSERT INTO "mentions" VALUES('organisation','COOP','2019-10-05-soiree-demo','La Coopérative d''exemple',NULL,NULL,NULL);
CREATE TABLE "names" (
   "kind" TEXT NOT NULL,
   "id" TEXT NOT NULL,
   "spelling" TEXT NOT NULL,
   "event_id" TEXT REFERENCES "events"("id")
);
INSERT INTO "names" VALUES('person','ana-exemple','Ana Exemple','2017-03-28-ile-demo');
INSERT INTO "names" VALUES('person','bo-exemple','Bo Modèle','2017-03-28-ile-demo');
INSERT INTO "names" VALUES('person','zephyrine-x','Zéphyrine Sansnom','2017-03-28-ile-demo');
INSERT INTO "names" VALUES('person','wilfrid-x','Wilfrid Sansrien','2017-03-28-ile-demo');
INSERT INTO "names" VALUES('organisation','RTD','Réseau des territoires de démonstration','2017-03-28-ile-demo');
INSERT INTO "names" VALUES('organisation','PHARES','Le Phares','2017-03-28-ile-demo');
INSERT INTO "names" VALUES('organisation','OMBRE','Organisation que rien de public ne nomme','2017-03-28-ile-demo');
INSERT INTO "names" VALUES('person','ana-exemple','Anna Exempel','2017-03-28-ile-demo');
INSERT INTO "names" VALUES('person','zephyrine-x','Zéphyrine Sans-Nom','2017-03-28-ile-demo');
INSERT INTO "names" VALUES('organisation','PHARES','PTCE le Phares','2017-03-28-ile-demo');
INSERT INTO "names" VALUES('person','bo-exemple','Bo Modèle','2019-10-05-soiree-demo');
INSERT INTO "names" VALUES('person','cleo-essai','Cléo Essai','2019-10-05-soiree-demo');
INSERT INTO "names" VALUES('organisation','COOP','La Coopérative d''exemple','2019-10-05-soiree-demo');
CREATE TABLE "notices" (
   "recording_id" TEXT NOT NULL REFERENCES "recordings"("id"),
   "start_ms" INTEGER NOT NULL,
   "end_ms" INTEGER NOT NULL,
   "kind" TEXT,
   "date" TEXT
);
CREATE TABLE "organisations" (
   "id" TEXT PRIMARY KEY,
   "name" TEXT NOT NULL,
   "url" TEXT
);
INSERT INTO "organisations" VALUES('OMBRE','Organisation que rien de public ne nomme',NULL);
INSERT INTO "organisations" VALUES('PHARES','Le Phares','https://example.org/phares');
INSERT INTO "organisations" VALUES('RTD','Réseau des territoires de démonstration',NULL);
INSERT INTO "organisations" VALUES('COOP','La Coopérative d''exemple',NULL);
CREATE TABLE "passages" (
   "id" INTEGER PRIMARY KEY,
   "turn_id" INTEGER NOT NULL REFERENCES "turns"("id"),
   "start_ms" INTEGER NOT NULL,
   "end_ms" INTEGER NOT NULL,
   "text" TEXT NOT NULL,
   "words" TEXT,
   "heard" TEXT,
   "origin" TEXT NOT NULL
);
INSERT INTO "passages" VALUES(1,1,1000,3000,'Essai micro horsdetout un deux.','[[1000, 1400, 0.9], [1400, 1800, 0.9], [1800, 2200, 0.9], [2200, 2600, 0.9], [2600, 3000, 0.9]]',NULL,'automatic');
INSERT INTO "passages" VALUES(2,2,10000,17200,'Bonjour à toutes et à tous. Nous parlons des coopérations territoriales. Je donne la parole à Bo Modèle.','[[10000, 10400, 0.9], [10400, 10800, 0.9], [10800, 11200, 0.9], [11200, 11600, 0.9], [11600, 12000, 0.9], [12000, 12400, 0.9], [12400, 12800, 0.9], [12800, 13200, 0.9], [13200, 13600, 0.9], [13600, 14000, 0.9], [14000, 14400, 0.9], [14400, 14800, 0.9], [14800, 15200, 0.9], [15200, 15600, 0.9], [15600, 16000, 0.9], [16000, 16400, 0.9], [16400, 16800, 0.9], [16800, 17200, 0.9]]',NULL,'automatic');
INSERT INTO "passages" VALUES(3,3,30000,36000,'Merci Ana. La coopération, c’est l’économie sociale et solidaire : la main-d’œuvre, l''Île-de-France, les tiers-lieux.','[[30000, 30400, 0.9], [30400, 30800, 0.9], [30800, 31200, 0.9], [31200, 31600, 0.9], [31600, 32000, 0.9], [32000, 32400, 0.9], [32400, 32800, 0.9], [32800, 33200, 0.9], [33200, 33600, 0.9], [33600, 34000, 0.9], [34000, 34400, 0.9], [34400, 34800, 0.9], [34800, 35200, 0.9], [35200, 35600, 0.9], [35600, 36000, 0.9]]',NULL,'automatic');
INSERT INTO "passages" VALUES(4,3,36000,40800,'Le pôle territorial de coopération économique est un E.S.S. à lui seul.','[[36000, 36400, 0.9], [36400, 36800, 0.9], [36800, 37200, 0.9], [37200, 37600, 0.9], [37600, 38000, 0.9], [38000, 38400, 0.9], [38400, 38800, 0.9], [38800, 39200, 0.9], [39200, 39600, 0.9], [39600, 40000, 0.9], [40000, 40400, 0.9], [40400, 40800, 0.9]]',NULL,'automatic');
INSERT INTO "passages" VALUES(5,4,110000,112800,'Entre nous, la mandarine est trop mûre.','[[110000, 110400, 0.9], [110400, 110800, 0.9], [110800, 111200, 0.9], [111200, 111600, 0.9], [111600, 112000, 0.9], [112000, 112400, 0.9], [112400, 112800, 0.9]]',NULL,'automatic');
INSERT INTO "passages" VALUES(6,5,160000,166400,'La co-construction avec les communes demande du temps. Les animatrices étaient présentes dans les bureaux nationaux.','[[160000, 160400, 0.9], [160400, 160800, 0.9], [160800, 161200, 0.9], [161200, 161600, 0.9], [161600, 162000, 0.9], [162000, 162400, 0.9], [162400, 162800, 0.9], [162800, 163200, 0.9], [163200, 163600, 0.9], [163600, 164000, 0.9], [164000, 164400, 0.9], [164400, 164800, 0.9], [164800, 165200, 0.9], [165200, 165600, 0.9], [165600, 166000, 0.9], [166000, 166400, 0.9]]',NULL,'automatic');
INSERT INTO "passages" VALUES(7,6,200000,204800,'Je suis maire et je parle de coconstruction, d''un cœur de ville.','[[200000, 200400, 0.9], [200400, 200800, 0.9], [200800, 201200, 0.9], [201200, 201600, 0.9], [201600, 202000, 0.9], [202000, 202400, 0.9], [202400, 202800, 0.9], [202800, 203200, 0.9], [203200, 203600, 0.9], [203600, 204000, 0.9], [204000, 204400, 0.9], [204400, 204800, 0.9]]',NULL,'automatic');
INSERT INTO "passages" VALUES(8,7,240000,242400,'Une parole silencieuse que je reprends.','[[240000, 240400, 0.9], [240400, 240800, 0.9], [240800, 241200, 0.9], [241200, 241600, 0.9], [241600, 242000, 0.9], [242000, 242400, 0.9]]',NULL,'automatic');
INSERT INTO "passages" VALUES(9,8,280000,283600,'Bonjour, une question de la salle sur les PTCE.','[[280000, 280400, 0.9], [280400, 280800, 0.9], [280800, 281200, 0.9], [281200, 281600, 0.9], [281600, 282000, 0.9], [282000, 282400, 0.9], [282400, 282800, 0.9], [282800, 283200, 0.9], [283200, 283600, 0.9]]',NULL,'automatic');
INSERT INTO "passages" VALUES(10,9,410000,411200,'Une annonce prématurée.','[[410000, 410400, 0.9], [410400, 410800, 0.9], [410800, 411200, 0.9]]',NULL,'automatic');
INSERT INTO "passages" VALUES(11,10,5000,6200,'Une affaire clandestine.','[[5000, 5400, 0.9], [5400, 5800, 0.9], [5800, 6200, 0.9]]',NULL,'automatic');
INSERT INTO "passages" VALUES(12,11,1000,3800,'Bonsoir. Les communes coopèrent avec les habitants.','[[1000, 1400, 0.9], [1400, 1800, 0.9], [1800, 2200, 0.9], [2200, 2600, 0.9], [2600, 3000, 0.9], [3000, 3400, 0.9], [3400, 3800, 0.9]]',NULL,'automatic');
INSERT INTO "passages" VALUES(13,12,20000,24000,'Nos coopératives marchent bien, et le marché aussi. <b>Attention</b> -->','[[20000, 20400, 0.9], [20400, 20800, 0.9], [20800, 21200, 0.9], [21200, 21600, 0.9], [21600, 22000, 0.9], [22000, 22400, 0.9], [22400, 22800, 0.9], [22800, 23200, 0.9], [23200, 23600, 0.9], [23600, 24000, 0.9]]',NULL,'automatic');
CREATE TABLE "people" (
   "id" TEXT PRIMARY KEY,
   "name" TEXT NOT NULL,
   "sort_name" TEXT,
   "publish" TEXT
);
INSERT INTO "people" VALUES('ana-exemple','Ana Exemple','Exemple, Ana','yes');
INSERT INTO "people" VALUES('bo-exemple','Bo Modèle','Modèle, Bo','yes');
INSERT INTO "people" VALUES('wilfrid-x','Wilfrid Sansrien','Sansrien, Wilfrid','nothing');
INSERT INTO "people" VALUES('zephyrine-x','Zéphyrine Sansnom','Sansnom, Zéphyrine','no-name');
INSERT INTO "people" VALUES('cleo-essai','Cléo Essai','Essai, Cléo','yes');
CREATE TABLE "programme" (
   "session_id" TEXT NOT NULL REFERENCES "sessions"("id"),
   "person_id" TEXT NOT NULL REFERENCES "people"("id"),
   "part" TEXT,
   "position" INTEGER NOT NULL,
   PRIMARY KEY ("session_id", "position")
);
INSERT INTO "programme" VALUES('2017-03-28-ile-demo/ouverture','ana-exemple','chair',1);
INSERT INTO "programme" VALUES('2017-03-28-ile-demo/ouverture','bo-exemple',NULL,2);
INSERT INTO "programme" VALUES('2017-03-28-ile-demo/table-ronde','ana-exemple','chair',1);
INSERT INTO "programme" VALUES('2017-03-28-ile-demo/table-ronde','bo-exemple','conférence',2);
INSERT INTO "programme" VALUES('2017-03-28-ile-demo/table-ronde','zephyrine-x',NULL,3);
INSERT INTO "programme" VALUES('2017-03-28-ile-demo/atelier','bo-exemple',NULL,1);
INSERT INTO "programme" VALUES('2017-03-28-ile-demo/clos','wilfrid-x',NULL,1);
INSERT INTO "programme" VALUES('2019-10-05-soiree-demo/soiree','cleo-essai','chair',1);
INSERT INTO "programme" VALUES('2019-10-05-soiree-demo/soiree','bo-exemple',NULL,2);
CREATE TABLE "provenance" (
   "recording_id" TEXT NOT NULL REFERENCES "recordings"("id"),
   "step" TEXT NOT NULL,
   "tool" TEXT,
   "version" TEXT,
   "model" TEXT,
   "model_sha256" TEXT,
   "options" TEXT,
   "made_at" TEXT,
   "input_sha256" TEXT,
   "output_sha256" TEXT
);
INSERT INTO "provenance" VALUES('2017-03-28-ile-demo/matin','transcribe','faster-whisper','1.2.1','demo','bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb','{"language": "fr", "hotwords": "motsamorces, RTD"}','2025-12-01T10:00:00Z','cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc','dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd');
INSERT INTO "provenance" VALUES('2019-10-05-soiree-demo/soiree','transcribe','faster-whisper','1.2.1',NULL,NULL,'{}','2025-12-02T10:00:00Z',NULL,NULL);
CREATE TABLE "recordings" (
   "id" TEXT PRIMARY KEY,
   "event_id" TEXT NOT NULL REFERENCES "events"("id"),
   "duration_ms" INTEGER,
   "missing_ms" INTEGER,
   "status" TEXT NOT NULL,
   "media" TEXT,
   "media_offset_ms" INTEGER,
   "poster" TEXT
);
INSERT INTO "recordings" VALUES('2017-03-28-ile-demo/matin','2017-03-28-ile-demo',520000,2000,'partial','media/2017-03-28-ile-demo/matin.mp4',0,'media/2017-03-28-ile-demo/matin.jpg');
INSERT INTO "recordings" VALUES('2017-03-28-ile-demo/prive','2017-03-28-ile-demo',60000,0,'ok',NULL,NULL,NULL);
INSERT INTO "recordings" VALUES('2019-10-05-soiree-demo/soiree','2019-10-05-soiree-demo',90000,0,'ok','https://media.example.org/soiree.mp4',-12400,NULL);
CREATE TABLE "roles" (
   "person_id" TEXT NOT NULL REFERENCES "people"("id"),
   "event_id" TEXT NOT NULL REFERENCES "events"("id"),
   "role" TEXT,
   "organisation_id" TEXT REFERENCES "organisations"("id")
);
INSERT INTO "roles" VALUES('ana-exemple','2017-03-28-ile-demo','déléguée générale','RTD');
INSERT INTO "roles" VALUES('bo-exemple','2017-03-28-ile-demo','directeur','PHARES');
INSERT INTO "roles" VALUES('zephyrine-x','2017-03-28-ile-demo','maire',NULL);
INSERT INTO "roles" VALUES('bo-exemple','2019-10-05-soiree-demo','président','COOP');
INSERT INTO "roles" VALUES('cleo-essai','2019-10-05-soiree-demo','géographe',NULL);
CREATE TABLE "series" (
   "id" TEXT PRIMARY KEY,
   "title" TEXT NOT NULL
);
INSERT INTO "series" VALUES('journees','Journées de démonstration');
CREATE TABLE "sessions" (
   "id" TEXT PRIMARY KEY,
   "event_id" TEXT NOT NULL REFERENCES "events"("id"),
   "position" INTEGER NOT NULL,
   "title" TEXT NOT NULL,
   "kind" TEXT,
   "date" TEXT,
   "start" TEXT,
   "room" TEXT,
   "place" TEXT,
   "recording_id" TEXT REFERENCES "recordings"("id"),
   "from_ms" INTEGER,
   "to_ms" INTEGER,
   "summary" TEXT,
   "access" TEXT,
   "public_from" TEXT
);
INSERT INTO "sessions" VALUES('2017-03-28-ile-demo/ouverture','2017-03-28-ile-demo',1,'Ouverture','opening','2017-03-28','09:30',NULL,NULL,'2017-03-28-ile-demo/matin',10000,100000,'Un mot d''accueil.','public',NULL);
INSERT INTO "sessions" VALUES('2017-03-28-ile-demo/pause','2017-03-28-ile-demo',2,'Pause café','break','2017-03-28',NULL,NULL,NULL,'2017-03-28-ile-demo/matin',100000,150000,NULL,'public',NULL);
INSERT INTO "sessions" VALUES('2017-03-28-ile-demo/table-ronde','2017-03-28-ile-demo',3,'Quelle feuille de route ?','round-table','2017-03-28',NULL,NULL,NULL,'2017-03-28-ile-demo/matin',150000,400000,NULL,'public',NULL);
INSERT INTO "sessions" VALUES('2017-03-28-ile-demo/clos','2017-03-28-ile-demo',4,'Huis clos','plenary','2017-03-28',NULL,NULL,NULL,'2017-03-28-ile-demo/prive',NULL,NULL,NULL,'closed',NULL);
INSERT INTO "sessions" VALUES('2017-03-28-ile-demo/embargo','2017-03-28-ile-demo',5,'Plus tard','plenary','2017-03-28',NULL,NULL,NULL,'2017-03-28-ile-demo/matin',400000,500000,NULL,'public','2042-01-01');
INSERT INTO "sessions" VALUES('2017-03-28-ile-demo/atelier','2017-03-28-ile-demo',6,'Atelier non filmé','workshop','2017-03-28',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'public',NULL);
INSERT INTO "sessions" VALUES('2019-10-05-soiree-demo/soiree','2019-10-05-soiree-demo',1,'Conférence','plenary','2019-10-05',NULL,NULL,NULL,'2019-10-05-soiree-demo/soiree',NULL,NULL,NULL,'public',NULL);
CREATE TABLE "turns" (
   "id" INTEGER PRIMARY KEY,
   "session_id" TEXT REFERENCES "sessions"("id"),
   "recording_id" TEXT NOT NULL REFERENCES "recordings"("id"),
   "start_ms" INTEGER NOT NULL,
   "end_ms" INTEGER NOT NULL,
   "person_id" TEXT REFERENCES "people"("id"),
   "voice" TEXT,
   "confidence" REAL,
   "evidence" TEXT,
   "origin" TEXT NOT NULL
);
INSERT INTO "turns" VALUES(1,NULL,'2017-03-28-ile-demo/matin',1000,3000,NULL,'voice-1',0.0,'[]','automatic');
INSERT INTO "turns" VALUES(2,'2017-03-28-ile-demo/ouverture','2017-03-28-ile-demo/matin',10000,17200,'ana-exemple','voice-1',1.0,'[]','confirmed');
INSERT INTO "turns" VALUES(3,'2017-03-28-ile-demo/ouverture','2017-03-28-ile-demo/matin',30000,40800,'bo-exemple','voice-2',0.93,'[{"kind": "hand-over", "start_ms": 16400, "quote": "la parole à Bo Modèle"}, {"kind": "hand-over", "start_ms": 101000, "quote": "la mandarine"}]','automatic');
INSERT INTO "turns" VALUES(4,'2017-03-28-ile-demo/pause','2017-03-28-ile-demo/matin',110000,112800,NULL,'voice-1',0.0,'[]','automatic');
INSERT INTO "turns" VALUES(5,'2017-03-28-ile-demo/table-ronde','2017-03-28-ile-demo/matin',160000,166400,'bo-exemple','voice-2',0.88,'[]','automatic');
INSERT INTO "turns" VALUES(6,'2017-03-28-ile-demo/table-ronde','2017-03-28-ile-demo/matin',200000,204800,'zephyrine-x','voice-3',0.95,'[]','automatic');
INSERT INTO "turns" VALUES(7,'2017-03-28-ile-demo/table-ronde','2017-03-28-ile-demo/matin',240000,242400,'wilfrid-x','voice-4',0.95,'[]','automatic');
INSERT INTO "turns" VALUES(8,'2017-03-28-ile-demo/table-ronde','2017-03-28-ile-demo/matin',280000,283600,NULL,'voice-5',0.0,'[]','automatic');
INSERT INTO "turns" VALUES(9,'2017-03-28-ile-demo/embargo','2017-03-28-ile-demo/matin',410000,411200,'ana-exemple','voice-1',0.95,'[]','automatic');
INSERT INTO "turns" VALUES(10,'2017-03-28-ile-demo/clos','2017-03-28-ile-demo/prive',5000,6200,'wilfrid-x','voice-1',0.95,'[]','automatic');
INSERT INTO "turns" VALUES(11,'2019-10-05-soiree-demo/soiree','2019-10-05-soiree-demo/soiree',1000,3800,'cleo-essai','voice-1',0.99,'[]','automatic');
INSERT INTO "turns" VALUES(12,'2019-10-05-soiree-demo/soiree','2019-10-05-soiree-demo/soiree',20000,24000,'bo-exemple','voice-2',0.85,'[]','automatic');
CREATE TABLE "withheld" (
   "recording_id" TEXT NOT NULL REFERENCES "recordings"("id"),
   "start_ms" INTEGER NOT NULL,
   "end_ms" INTEGER NOT NULL,
   "reason" TEXT,
   "words" TEXT
);
INSERT INTO "withheld" VALUES('2017-03-28-ile-demo/matin',90000,92000,'no-speech','Sous-titres amara');
CREATE INDEX "idx_events_series_id"
    ON "events" ("series_id");
CREATE INDEX "idx_events_date"
    ON "events" ("date");
CREATE INDEX "idx_mentions_event_id"
    ON "mentions" ("event_id");
CREATE INDEX "idx_names_kind_id"
    ON "names" ("kind", "id");
CREATE INDEX "idx_names_event_id"
    ON "names" ("event_id");
CREATE INDEX "idx_roles_person_id_event_id"
    ON "roles" ("person_id", "event_id");
CREATE INDEX "idx_roles_event_id"
    ON "roles" ("event_id");
CREATE INDEX "idx_roles_organisation_id"
    ON "roles" ("organisation_id");
CREATE INDEX "idx_recordings_event_id"
    ON "recordings" ("event_id");
CREATE INDEX "idx_sessions_event_id_position"
    ON "sessions" ("event_id", "position");
CREATE INDEX "idx_sessions_recording_id"
    ON "sessions" ("recording_id");
CREATE INDEX "idx_links_event_id"
    ON "links" ("event_id");
CREATE INDEX "idx_links_session_id"
    ON "links" ("session_id");
CREATE INDEX "idx_programme_person_id"
    ON "programme" ("person_id");
CREATE INDEX "idx_captures_recording_id"
    ON "captures" ("recording_id");
CREATE INDEX "idx_gaps_recording_id"
    ON "gaps" ("recording_id");
CREATE INDEX "idx_turns_session_id_start_ms"
    ON "turns" ("session_id", "start_ms");
CREATE INDEX "idx_turns_person_id"
    ON "turns" ("person_id");
CREATE INDEX "idx_turns_recording_id_start_ms"
    ON "turns" ("recording_id", "start_ms");
CREATE INDEX "idx_passages_turn_id"
    ON "passages" ("turn_id");
CREATE INDEX "idx_glossary_event_id"
    ON "glossary" ("event_id");
CREATE INDEX "idx_withheld_recording_id"
    ON "withheld" ("recording_id");
CREATE INDEX "idx_notices_recording_id"
    ON "notices" ("recording_id");
CREATE INDEX "idx_provenance_recording_id"
    ON "provenance" ("recording_id");
COMMIT;
