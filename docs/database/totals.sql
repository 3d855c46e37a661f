-- What an export has to hold, by the same database: name of the file, rows, and three sums. The same statement in
-- Oracle, DM, KingbaseES, PostgreSQL and MySQL.
-- 由同一数据库给出一次导出应有的内容：文件名、行数和三个合计。五种数据库用同一条语句。
SELECT '@FILE@', COUNT(*), SUM(medfee_sumamt), SUM(fund_pay_sumamt), SUM(acct_pay)
FROM setl_d
WHERE vali_flag = '1'
  AND setl_time >= DATE '@FROM@' AND setl_time < DATE '@TO@'
  AND (insu_admdvs IS NULL OR mdtrtarea_admvs IS NULL
       OR CASE WHEN insu_admdvs LIKE '6590%' THEN '66' ELSE SUBSTR(insu_admdvs, 1, 2) END
       <> CASE WHEN mdtrtarea_admvs LIKE '6590%' THEN '66' ELSE SUBSTR(mdtrtarea_admvs, 1, 2) END);
